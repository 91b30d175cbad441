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
