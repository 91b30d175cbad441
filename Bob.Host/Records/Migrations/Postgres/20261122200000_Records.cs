using System;
using System.Collections.Generic;
using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace Bob.Host.Records.Migrations.Postgres
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
                    number = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: true),
                    company = table.Column<string>(type: "text", nullable: true),
                    notes = table.Column<string>(type: "text", nullable: true),
                    tags = table.Column<List<string>>(type: "text[]", nullable: false),
                    vip = table.Column<bool>(type: "boolean", nullable: false),
                    blocked = table.Column<bool>(type: "boolean", nullable: false),
                    updated_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_callers", x => x.number);
                });

            migrationBuilder.CreateTable(
                name: "calls",
                columns: table => new
                {
                    call_sid = table.Column<string>(type: "text", nullable: false),
                    caller = table.Column<string>(type: "text", nullable: false),
                    called = table.Column<string>(type: "text", nullable: false),
                    persona = table.Column<string>(type: "text", nullable: true),
                    node = table.Column<string>(type: "text", nullable: false),
                    started_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    ended_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true),
                    step = table.Column<string>(type: "text", nullable: false),
                    result = table.Column<string>(type: "text", nullable: true),
                    side = table.Column<string>(type: "text", nullable: true),
                    reason = table.Column<string>(type: "text", nullable: true),
                    first_audio_ms = table.Column<long>(type: "bigint", nullable: true),
                    reconnects = table.Column<int>(type: "integer", nullable: false),
                    streams = table.Column<int>(type: "integer", nullable: false),
                    recording = table.Column<string>(type: "text", nullable: true),
                    recording_fault = table.Column<string>(type: "text", nullable: true),
                    cost_micros = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_calls", x => x.call_sid);
                });

            migrationBuilder.CreateTable(
                name: "journal",
                columns: table => new
                {
                    call_sid = table.Column<string>(type: "text", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    version = table.Column<int>(type: "integer", nullable: false),
                    payload = table.Column<string>(type: "json", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_journal", x => new { x.call_sid, x.number });
                });

            migrationBuilder.CreateTable(
                name: "messages",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    call_sid = table.Column<string>(type: "text", nullable: true),
                    kind = table.Column<string>(type: "text", nullable: false),
                    caller = table.Column<string>(type: "text", nullable: false),
                    text = table.Column<string>(type: "text", nullable: true),
                    recording = table.Column<string>(type: "text", nullable: true),
                    seconds = table.Column<int>(type: "integer", nullable: true),
                    at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    handled_at = table.Column<DateTime>(type: "timestamp with time zone", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_messages", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "tool_runs",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    call_sid = table.Column<string>(type: "text", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    tool_call_id = table.Column<string>(type: "text", nullable: false),
                    name = table.Column<string>(type: "text", nullable: false),
                    arguments = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    output = table.Column<string>(type: "text", nullable: true),
                    ms = table.Column<long>(type: "bigint", nullable: true),
                    outcome = table.Column<string>(type: "text", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_tool_runs", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "turns",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    call_sid = table.Column<string>(type: "text", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    item_id = table.Column<string>(type: "text", nullable: false),
                    role = table.Column<string>(type: "text", nullable: false),
                    words = table.Column<string>(type: "text", nullable: false),
                    text = table.Column<string>(type: "text", nullable: false),
                    started_ms = table.Column<long>(type: "bigint", nullable: true),
                    ended_ms = table.Column<long>(type: "bigint", nullable: true),
                    interrupted = table.Column<bool>(type: "boolean", nullable: false),
                    heard_text = table.Column<string>(type: "text", nullable: true),
                    heard_ms = table.Column<long>(type: "bigint", nullable: true),
                    received_ms = table.Column<long>(type: "bigint", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_turns", x => x.id);
                });

            migrationBuilder.CreateTable(
                name: "usage",
                columns: table => new
                {
                    id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    call_sid = table.Column<string>(type: "text", nullable: false),
                    number = table.Column<int>(type: "integer", nullable: false),
                    kind = table.Column<string>(type: "text", nullable: false),
                    at = table.Column<DateTime>(type: "timestamp with time zone", nullable: false),
                    response_id = table.Column<string>(type: "text", nullable: true),
                    text_in = table.Column<long>(type: "bigint", nullable: false),
                    audio_in = table.Column<long>(type: "bigint", nullable: false),
                    cached_text_in = table.Column<long>(type: "bigint", nullable: false),
                    cached_audio_in = table.Column<long>(type: "bigint", nullable: false),
                    text_out = table.Column<long>(type: "bigint", nullable: false),
                    audio_out = table.Column<long>(type: "bigint", nullable: false),
                    seconds = table.Column<double>(type: "double precision", nullable: true),
                    cost_micros = table.Column<long>(type: "bigint", nullable: true)
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
            migrationBuilder.Sql(
                "CREATE INDEX ix_turns_words ON turns USING gin (to_tsvector('simple', coalesce(heard_text, text)));");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
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
