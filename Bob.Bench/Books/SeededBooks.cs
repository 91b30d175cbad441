using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Bob.Host.Records;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Bob.Bench.Books;

/// <summary>
/// Books with very many calls, the same every time: one every five minutes, six turns each. "hello" is said in every call, "weekly" in every twentieth,
/// "centennial" in every hundredth, "zanzibar" in every 2,500th; the rest are words of which a few are frequent and most are not.
/// </summary>
internal static class SeededBooks
{
    public const int TurnsPerCall = 6;
    public const int Callers = 5_000;

    /// <summary>When the first call began.</summary>
    public static readonly DateTime Start = new(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private const int Vocabulary = 5_000;

    /// <summary>For so much at once a database takes longer than Bob ever waits.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static string CallSid(int call) => string.Create(CultureInfo.InvariantCulture, $"CA{call:x32}");

    public static string Caller(int caller) => string.Create(CultureInfo.InvariantCulture, $"+1555{caller:0000000}");

    /// <summary>Fills empty tables.</summary>
    public static async Task FillAsync(RecordsDatabase database, int calls, CancellationToken cancellation)
    {
        await database.PrepareAsync(cancellation);
        await using var db = database.Open();
        await db.Database.OpenConnectionAsync(cancellation);
        var connection = db.Database.GetDbConnection();
        await using (var transaction = await connection.BeginTransactionAsync(cancellation))
        {
            Fill(connection, "callers", "number,name,company,tags,vip,blocked,updated_at", Math.Min(Callers, calls), 1, (i, _) =>
                [Caller(i), $"Caller {i}", null, new[] { "seeded" }, i % 50 == 0, i % 500 == 1, Start]);
            Fill(
                connection, "calls", "call_sid,caller,called,node,started_at,ended_at,step,result,side,reason,reconnects,streams,cost_micros", calls, 1, Call);
            Fill(connection, "turns", "call_sid,number,item_id,role,words,text,started_ms,ended_ms,interrupted", calls, TurnsPerCall, (i, turn) =>
                [CallSid(i), turn, $"item{turn}", turn % 2 == 0 ? "Bob" : "Caller", "Whole", Text(i, turn), turn * 5_000L, (turn * 5_000L) + 4_000, false]);
            Fill(connection, "tool_runs", "call_sid,number,tool_call_id,name,arguments,at,output,ms,outcome", calls / 5, 1, (i, _) =>
                [CallSid(i * 5), 20, "t1", "look_up", "{}", Begin(i * 5), "nine to five", 40L, "ok"]);
            Fill(connection, "messages", "call_sid,kind,caller,text,at,handled_at", calls / 20, 1, (i, _) =>
                [CallSid(i * 20), "Taken", Caller(i % Callers), Text(i * 20, 3), Begin(i * 20), i < calls / 25 ? Begin(i * 20).AddHours(5) : null]);
            Fill(
                connection, "usage", "call_sid,number,kind,at,response_id,text_in,audio_in,cached_text_in,cached_audio_in,text_out,audio_out,cost_micros", calls, 2,
                (i, n) => [CallSid(i), 30 + n, "Model", Begin(i), $"r{n}", 300L, 200L, 0L, 0L, 20L, 80L, 1_000L]);
            await transaction.CommitAsync(cancellation);
        }

        if (connection is NpgsqlConnection)
            await db.Database.ExecuteSqlRawAsync("ANALYZE", cancellation); // autovacuum does, a minute later
    }

    private static DateTime Begin(int call) => Start.AddMinutes(5.0 * call);

    private static object?[] Call(int i, int row)
    {
        var (result, side, reason) = (i % 50) switch
        {
            0 => ("Failed", "Model", i % 1_000 == 0 ? "model-no-credit" : "model-timeout"),
            1 or 2 => ("Lost", "Twilio", "caller-lost"),
            3 or 4 => ("Abandoned", "Twilio", "stream-never-came"),
            < 20 => ("Completed", "Bob", "goodbye"),
            _ => ("Completed", "Caller", "caller-hung-up"),
        };
        // Prices spread as they do: most calls cost little, a few very much.
        var cost = (long)(20_000 / (Share(i, 99) + 0.001));
        return [CallSid(i), Caller((int)(Share(i, 7) * Callers)), "+15550100002", "node-1", Begin(i), Begin(i).AddMinutes(3), "Over", result, side, reason, 0, 1, cost];
    }

    private static string Text(int call, int turn) => turn switch
    {
        0 => "Hello, this is Bob. How can I help you?",
        1 when call % 2_500 == 0 => "I would like to go to Zanzibar, please",
        2 when call % 20 == 0 => "We open weekly on Monday",
        3 when call % 100 == 0 => "It is about the centennial order",
        _ => string.Join(' ', Enumerable.Range(0, 8).Select(n => $"w{(int)(Vocabulary * Math.Pow(Share(call, (turn * 10) + n), 3))}")),
    };

    /// <summary>Something between 0 and 1 that looks like chance.</summary>
    private static double Share(int a, int b)
    {
        var mixed = ((ulong)(uint)a * 0x9E3779B97F4A7C15) ^ ((ulong)(uint)b * 0xC2B2AE3D27D4EB4F);
        mixed = (mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9;
        return (mixed >> 11) / (double)(1UL << 53);
    }

    private static void Fill(DbConnection connection, string table, string columns, int count, int each, Func<int, int, object?[]> row)
    {
        if (connection is NpgsqlConnection server)
        {
            using var copy = server.BeginBinaryImport($"COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)");
            copy.Timeout = Patience;
            foreach (var values in Rows())
            {
                copy.StartRow();
                foreach (var value in values)
                {
                    if (value is null)
                        copy.WriteNull();
                    else
                        copy.Write(value);
                }
            }

            copy.Complete();
            return;
        }

        using var insert = ((SqliteConnection)connection).CreateCommand();
        var names = columns.Split(',');
        insert.CommandText = $"INSERT INTO {table} ({columns}) VALUES ({string.Join(',', names.Select(name => $"${name}"))})";
        foreach (var name in names)
            insert.Parameters.Add(new SqliteParameter($"${name}", null));
        foreach (var values in Rows())
        {
            for (var i = 0; i < values.Length; i++)
                insert.Parameters[i].Value = values[i] is string[] words ? JsonSerializer.Serialize(words) : values[i] ?? DBNull.Value;
            insert.ExecuteNonQuery();
        }

        IEnumerable<object?[]> Rows() => Enumerable.Range(0, count).SelectMany(i => Enumerable.Range(0, each).Select(n => row(i, n)));
    }
}
