using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Bob.Host.Records.Migrations.Postgres
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

            // The words of a turn, as they were heard. Kept, because making them again for every turn that is looked at takes longer than all the rest.
            migrationBuilder.Sql(
                "ALTER TABLE turns ADD COLUMN heard_words tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(heard_text, text))) STORED;");
            migrationBuilder.Sql("DROP INDEX ix_turns_words;");
            migrationBuilder.Sql("CREATE INDEX ix_turns_heard_words ON turns USING gin (heard_words);");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("ALTER TABLE turns DROP COLUMN heard_words;");
            migrationBuilder.Sql("CREATE INDEX ix_turns_words ON turns USING gin (to_tsvector('simple', coalesce(heard_text, text)));");

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
