using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Bob.Host.Records.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class MessageRecordings : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "node",
                table: "messages",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "recording_sid",
                table: "messages",
                type: "TEXT",
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "recording_url",
                table: "messages",
                type: "TEXT",
                nullable: true);

            migrationBuilder.CreateIndex(
                name: "IX_messages_recording_sid",
                table: "messages",
                column: "recording_sid",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "ix_messages_unfetched",
                table: "messages",
                column: "node",
                filter: "recording_url IS NOT NULL");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_messages_recording_sid",
                table: "messages");

            migrationBuilder.DropIndex(
                name: "ix_messages_unfetched",
                table: "messages");

            migrationBuilder.DropColumn(
                name: "node",
                table: "messages");

            migrationBuilder.DropColumn(
                name: "recording_sid",
                table: "messages");

            migrationBuilder.DropColumn(
                name: "recording_url",
                table: "messages");
        }
    }
}
