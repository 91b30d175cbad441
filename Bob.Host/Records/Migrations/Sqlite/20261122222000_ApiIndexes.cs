using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Bob.Host.Records.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class ApiIndexes : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateIndex(
                name: "ix_messages_open",
                table: "messages",
                column: "id",
                filter: "handled_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_calls_reason_started_at_call_sid",
                table: "calls",
                columns: new[] { "reason", "started_at", "call_sid" });

            migrationBuilder.CreateIndex(
                name: "IX_calls_side_started_at_call_sid",
                table: "calls",
                columns: new[] { "side", "started_at", "call_sid" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "ix_messages_open",
                table: "messages");

            migrationBuilder.DropIndex(
                name: "IX_calls_reason_started_at_call_sid",
                table: "calls");

            migrationBuilder.DropIndex(
                name: "IX_calls_side_started_at_call_sid",
                table: "calls");
        }
    }
}
