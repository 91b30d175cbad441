using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Bob.Host.Records.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Records : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "callers",
                columns: table => new
                {
                    number = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: true),
                    company = table.Column<string>(type: "TEXT", nullable: true),
                    notes = table.Column<string>(type: "TEXT", nullable: true),
                    tags = table.Column<string>(type: "TEXT", nullable: false),
                    vip = table.Column<bool>(type: "INTEGER", nullable: false),
                    blocked = table.Column<bool>(type: "INTEGER", nullable: false),
                    updated_at = table.Column<DateTime>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_callers", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "calls",
                columns: table => new
                {
                    call_sid = table.Column<string>(type: "TEXT", nullable: false),
                    caller = table.Column<string>(type: "TEXT", nullable: false),
                    called = table.Column<string>(type: "TEXT", nullable: false),
                    persona = table.Column<string>(type: "TEXT", nullable: true),
                    node = table.Column<string>(type: "TEXT", nullable: false),
                    started_at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    ended_at = table.Column<DateTime>(type: "TEXT", nullable: true),
                    step = table.Column<string>(type: "TEXT", nullable: false),
                    result = table.Column<string>(type: "TEXT", nullable: true),
                    side = table.Column<string>(type: "TEXT", nullable: true),
                    reason = table.Column<string>(type: "TEXT", nullable: true),
                    first_audio_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    reconnects = table.Column<int>(type: "INTEGER", nullable: false),
                    streams = table.Column<int>(type: "INTEGER", nullable: false),
                    recording = table.Column<string>(type: "TEXT", nullable: true),
                    recording_fault = table.Column<string>(type: "TEXT", nullable: true),
                    cost_micros = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_calls", x => x.call_sid);
                });

            migrationBuilder.CreateTable(
                name: "journal",
                columns: table => new
                {
                    call_sid = table.Column<string>(type: "TEXT", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    version = table.Column<int>(type: "INTEGER", nullable: false),
                    payload = table.Column<string>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_journal", x => new { x.call_sid, x.number });
                });

            migrationBuilder.CreateTable(
                name: "messages",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    call_sid = table.Column<string>(type: "TEXT", nullable: true),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    caller = table.Column<string>(type: "TEXT", nullable: false),
                    text = table.Column<string>(type: "TEXT", nullable: true),
                    recording = table.Column<string>(type: "TEXT", nullable: true),
                    seconds = table.Column<int>(type: "INTEGER", nullable: true),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    handled_at = table.Column<DateTime>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_messages", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "tool_runs",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    call_sid = table.Column<string>(type: "TEXT", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    tool_call_id = table.Column<string>(type: "TEXT", nullable: false),
                    name = table.Column<string>(type: "TEXT", nullable: false),
                    arguments = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    output = table.Column<string>(type: "TEXT", nullable: true),
                    ms = table.Column<long>(type: "INTEGER", nullable: true),
                    outcome = table.Column<string>(type: "TEXT", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_tool_runs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "turns",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    call_sid = table.Column<string>(type: "TEXT", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    item_id = table.Column<string>(type: "TEXT", nullable: false),
                    role = table.Column<string>(type: "TEXT", nullable: false),
                    words = table.Column<string>(type: "TEXT", nullable: false),
                    text = table.Column<string>(type: "TEXT", nullable: false),
                    started_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    ended_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    interrupted = table.Column<bool>(type: "INTEGER", nullable: false),
                    heard_text = table.Column<string>(type: "TEXT", nullable: true),
                    heard_ms = table.Column<long>(type: "INTEGER", nullable: true),
                    received_ms = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_turns", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "usage",
                columns: table => new
                {
                    id = table.Column<long>(type: "INTEGER", nullable: false)
                        .Annotation("Sqlite:Autoincrement", true),
                    call_sid = table.Column<string>(type: "TEXT", nullable: false),
                    number = table.Column<int>(type: "INTEGER", nullable: false),
                    kind = table.Column<string>(type: "TEXT", nullable: false),
                    at = table.Column<DateTime>(type: "TEXT", nullable: false),
                    response_id = table.Column<string>(type: "TEXT", nullable: true),
                    text_in = table.Column<long>(type: "INTEGER", nullable: false),
                    audio_in = table.Column<long>(type: "INTEGER", nullable: false),
                    cached_text_in = table.Column<long>(type: "INTEGER", nullable: false),
                    cached_audio_in = table.Column<long>(type: "INTEGER", nullable: false),
                    text_out = table.Column<long>(type: "INTEGER", nullable: false),
                    audio_out = table.Column<long>(type: "INTEGER", nullable: false),
                    seconds = table.Column<double>(type: "REAL", nullable: true),
                    cost_micros = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_usage", x => x.id);
                });

            migrationBuilder.CreateIndex(
                name: "IX_callers_name",
                table: "callers",
                column: "name");

            migrationBuilder.CreateIndex(
                name: "IX_calls_caller_started_at_call_sid",
                table: "calls",
                columns: new[] { "caller", "started_at", "call_sid" });

            migrationBuilder.CreateIndex(
                name: "IX_calls_cost_micros_started_at_call_sid",
                table: "calls",
                columns: new[] { "cost_micros", "started_at", "call_sid" });

            migrationBuilder.CreateIndex(
                name: "IX_calls_result_started_at_call_sid",
                table: "calls",
                columns: new[] { "result", "started_at", "call_sid" });

            migrationBuilder.CreateIndex(
                name: "IX_calls_started_at_call_sid",
                table: "calls",
                columns: new[] { "started_at", "call_sid" });

            migrationBuilder.CreateIndex(
                name: "ix_calls_unended",
                table: "calls",
                column: "node",
                filter: "ended_at IS NULL");

            migrationBuilder.CreateIndex(
                name: "IX_journal_at",
                table: "journal",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_messages_at",
                table: "messages",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_messages_call_sid",
                table: "messages",
                column: "call_sid");

            migrationBuilder.CreateIndex(
                name: "IX_messages_caller",
                table: "messages",
                column: "caller");

            migrationBuilder.CreateIndex(
                name: "IX_tool_runs_call_sid_tool_call_id",
                table: "tool_runs",
                columns: new[] { "call_sid", "tool_call_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_turns_call_sid_item_id",
                table: "turns",
                columns: new[] { "call_sid", "item_id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_usage_at",
                table: "usage",
                column: "at");

            migrationBuilder.CreateIndex(
                name: "IX_usage_call_sid",
                table: "usage",
                column: "call_sid");

            // The words of all turns, as they were heard, for the search of words.
            migrationBuilder.Sql("CREATE VIRTUAL TABLE turn_words USING fts5(words, content='', contentless_delete=1);");
            migrationBuilder.Sql(
                "CREATE TRIGGER turn_words_insert AFTER INSERT ON turns BEGIN " +
                "INSERT INTO turn_words(rowid, words) VALUES (new.id, coalesce(new.heard_text, new.text)); END;");
            migrationBuilder.Sql(
                "CREATE TRIGGER turn_words_update AFTER UPDATE OF text, heard_text ON turns BEGIN " +
                "INSERT OR REPLACE INTO turn_words(rowid, words) VALUES (new.id, coalesce(new.heard_text, new.text)); END;");
            migrationBuilder.Sql(
                "CREATE TRIGGER turn_words_delete AFTER DELETE ON turns BEGIN " +
                "DELETE FROM turn_words WHERE rowid = old.id; END;");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("DROP TABLE turn_words;");

            migrationBuilder.DropTable(
                name: "callers");

            migrationBuilder.DropTable(
                name: "calls");

            migrationBuilder.DropTable(
                name: "journal");

            migrationBuilder.DropTable(
                name: "messages");

            migrationBuilder.DropTable(
                name: "tool_runs");

            migrationBuilder.DropTable(
                name: "turns");

            migrationBuilder.DropTable(
                name: "usage");
        }
    }
}
