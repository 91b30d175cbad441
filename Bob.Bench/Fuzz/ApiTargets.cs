using System.Text;
using Bob.Actors.Calls;
using Bob.Host.Api;
using Bob.Host.Records;
using Microsoft.AspNetCore.Http;

namespace Bob.Bench.Fuzz;

/// <summary>Cursors: refused by name, or a place that comes back when it is written.</summary>
internal sealed class CursorTarget : FuzzTarget
{
    public override string Name => "cursor";

    public override int Share => 30;

    public override IReadOnlyList<byte[]> Words => FuzzWords.Form;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        JsonSeeds.Bytes(Cursor.Of(new CallPosition(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero), "CA00000000000000000000000000000001"))),
        JsonSeeds.Bytes(Cursor.Of(new CallPosition(DateTimeOffset.MaxValue, "x"))),
        JsonSeeds.Bytes(Cursor.Of(17L)), JsonSeeds.Bytes(Cursor.Of(long.MaxValue)), JsonSeeds.Bytes(Cursor.Of("+15550100001")), JsonSeeds.Bytes(""),
    ];

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        var cursor = Encoding.UTF8.GetString(input.Span);
        if (ApiAnswers.Of(() => Cursor.ToCall(cursor)) is { } call)
            Holds(Cursor.ToCall(Cursor.Of(call)) == call, "another place in the calls");
        if (ApiAnswers.Of(() => Cursor.ToId(cursor)) is { } id)
            Holds(Cursor.ToId(Cursor.Of(id)) == id, "another number");
        if (ApiAnswers.OfText(() => Cursor.ToNumber(cursor)) is { } number)
            Holds(Cursor.ToNumber(Cursor.Of(number)) == number, "another caller");
    }
}

/// <summary>Questions to the list of calls: every parameter is understood or refused by name.</summary>
internal sealed class QueryTarget : FuzzTarget
{
    private static readonly string[] Known = ["number", "words", "from", "to", "result", "side", "reason", "minCost", "maxCost", "limit", "cursor"];

    public override string Name => "query";

    public override int Share => 5;

    public override IReadOnlyList<byte[]> Words => FuzzWords.Form;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        JsonSeeds.Bytes("words=refund&from=2026-03-01&to=2026-03-01T12:30:00Z&result=Completed&limit=20"),
        JsonSeeds.Bytes("number=%2B1 (555) 010-0001&side=caller&reason=goodbye&minCost=0.25&maxCost=1000000000"),
        JsonSeeds.Bytes("from=2026-03-01T12:30:00.1234567+14:00&cursor=AQ"),
    ];

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        var context = new DefaultHttpContext();
        context.Request.QueryString = new QueryString($"?{Encoding.UTF8.GetString(input.Span)}");
        if (ApiAnswers.OfText(() => Checked(context.Request)) is not { } query)
            return;
        Holds(ApiAnswers.Of<int>(() => query.Limit()) is null or (>= 1 and <= ApiQuery.MostLimit), "a limit beyond the limit");
        Holds(ApiAnswers.Of(() => query.Micros("minCost")) is null or >= 0, "a cost below nothing");
        ApiAnswers.Of(() => query.Micros("maxCost"));
        ApiAnswers.Of(() => query.Time("from", endOfDay: false));
        ApiAnswers.Of(() => query.Time("to", endOfDay: true));
        ApiAnswers.Of(() => query.OneOf<CallResult>("result"));
        ApiAnswers.Of(() => query.OneOf<CallSide>("side"));
        ApiAnswers.OfText(() => query.Words("words"));
        ApiAnswers.OfText(() => query.Caller("number"));
        ApiAnswers.OfText(() => query.Reason("reason"));
        ApiAnswers.Of(() => Cursor.ToCall(query.Text("cursor")));
    }

    private static ApiQuery Checked(HttpRequest request)
    {
        ApiQuery.Check(request.Query, Known);
        return new ApiQuery(request);
    }
}

/// <summary>Files of callers: told what is wrong with, or read so that they come back when they are written.</summary>
internal sealed class CallersCsvTarget : FuzzTarget
{
    public override string Name => "callers-csv";

    public override int Share => 10;

    public override IReadOnlyList<byte[]> Words => FuzzWords.Form;

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        JsonSeeds.Bytes("number,name,company,notes,tags,vip,blocked\r\n'+15550100001,Ada,\"Lovelace, Ltd.\",\"likes \"\"boats\"\"\r\nand tea\",boat;tea,true,false\r\n"),
        JsonSeeds.Bytes("\uFEFFNumber , NAME\n+15550100002,'=1+1\n+15550100003,''\n"),
        JsonSeeds.Bytes("number\r+15550100004\r\r+15550100005"),
        JsonSeeds.Bytes("name,number\n\"open,+15550100006\n"),
    ];

    public override void Check(ReadOnlyMemory<byte> input, ref FuzzRandom random)
    {
        var (callers, faults) = CallersCsv.Read(input.Span);
        if (faults.Count > 0 || callers.Count == 0)
            return;
        var rows = callers.Select(Row).ToList();
        var (again, none) = CallersCsv.Read(CallersCsv.Write(rows, first: true));
        Holds(none.Count == 0, $"what was written cannot be read: {string.Join(' ', none)}");
        Holds(again.Count == rows.Count, "another number of callers");
        foreach (var (before, after) in rows.Zip(again.Select(Row)))
        {
            Holds(
                (before.Number, before.Name, before.Company, before.Notes, before.Vip, before.Blocked) == (after.Number, after.Name, after.Company, after.Notes, after.Vip, after.Blocked)
                && before.Tags.SequenceEqual(after.Tags),
                $"{before.Number} does not come back as they were");
        }
    }

    private static CallerRow Row(ReadCaller caller)
    {
        var row = new CallerRow { Number = caller.Number };
        caller.WriteTo(row, DateTimeOffset.UnixEpoch);
        return row;
    }
}

/// <summary>A refusal by name is an answer; everything else that is thrown is not.</summary>
internal static class ApiAnswers
{
    public static T? Of<T>(Func<T?> ask)
        where T : struct
    {
        try
        {
            return ask();
        }
        catch (ApiProblem)
        {
            return null;
        }
    }

    public static T? OfText<T>(Func<T?> ask)
        where T : class
    {
        try
        {
            return ask();
        }
        catch (ApiProblem)
        {
            return null;
        }
    }
}
