using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Bob.Host.Records.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class CallersLastCall : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<DateTime>(
                name: "last_call_at",
                table: "callers",
                type: "TEXT",
                nullable: true);

            // When they called before nobody has written down: their newest call that is known, or now. Otherwise all whose calls are gone would be forgotten at once.
            migrationBuilder.Sql("UPDATE callers SET last_call_at = strftime('%Y-%m-%d 00:00:00', coalesce((SELECT max(started_at) FROM calls WHERE caller = callers.number), 'now'))");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "last_call_at",
                table: "callers");
        }
    }
}
