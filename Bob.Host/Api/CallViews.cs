using System.ComponentModel;
using Bob.Actors.Calls;
using Bob.Host.Records;

namespace Bob.Host.Api;

/// <summary>One page of a list.</summary>
/// <param name="Next">The cursor of the next page; null at the end. A page may be shorter than its limit and still have a next one.</param>
internal sealed record PageView<T>(IReadOnlyList<T> Items, string? Next);

/// <summary>A call in a list.</summary>
/// <param name="Result">Null while it lasts.</param>
/// <param name="Cost">In the currency of the prices; null when it is not known.</param>
internal record CallView(
    string CallSid, string Caller, string Called, string? Persona, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, CallPhase Step,
    CallResult? Result, CallSide? Side, string? Reason, long? FirstAudioMs, int Reconnects, decimal? Cost, bool HasRecording, string? RecordingFault)
{
    public static CallView Of(CallRow row) => new(
        row.CallSid, row.Caller, row.Called, row.Persona, row.StartedAt, row.EndedAt, row.Step, row.Result, row.Side, row.Reason, row.FirstAudioMs,
        row.Reconnects, Money.Of(row.CostMicros), row.Recording is not null, row.RecordingFault);
}

/// <summary>A call with everything that is on record of it.</summary>
internal sealed record WholeCallView(
    CallView Call, IReadOnlyList<TurnView> Turns, IReadOnlyList<ToolRunView> ToolRuns, IReadOnlyList<MessageView> Messages, IReadOnlyList<UsageView> Usage);

/// <summary>A turn. Times are ms since the call was opened; the heard text is null where all of it was heard.</summary>
internal sealed record TurnView(
    int Number, TurnRole Role, TurnWords Words, string Text, string? HeardText, bool Interrupted, long? StartedMs, long? EndedMs, long? HeardMs)
{
    public static TurnView Of(TurnRow row) =>
        new(row.Number, row.Role, row.Words, row.Text, row.HeardText, row.Interrupted, row.StartedMs, row.EndedMs, row.HeardMs);
}

internal sealed record ToolRunView(int Number, string Name, string Arguments, DateTimeOffset At, string? Output, long? Ms, string? Outcome)
{
    public static ToolRunView Of(ToolRunRow row) => new(row.Number, row.Name, row.Arguments, row.At, row.Output, row.Ms, row.Outcome);
}

internal sealed record MessageView(
    long Id, string? CallSid, MessageKind Kind, string Caller, string? Text, int? Seconds, bool HasRecording, DateTimeOffset At, DateTimeOffset? HandledAt)
{
    public static MessageView Of(MessageRow row) =>
        new(row.Id, row.CallSid, row.Kind, row.Caller, row.Text, row.Seconds, row.Recording is not null, row.At, row.HandledAt);
}

/// <summary>What is billed. Cached tokens are part of the input's.</summary>
internal sealed record UsageView(
    UsageKind Kind, DateTimeOffset At,
    [property: Description("The model's id of the response; of a transcription, its id of the caller's turn; null of minutes on the telephone.")] string? ResponseId, long TextIn, long AudioIn, long CachedTextIn, long CachedAudioIn, long TextOut, long AudioOut,
    double? Seconds, decimal? Cost)
{
    public static UsageView Of(UsageRow row) => new(
        row.Kind, row.At, row.ResponseId, row.TextIn, row.AudioIn, row.CachedTextIn, row.CachedAudioIn, row.TextOut, row.AudioOut, row.Seconds,
        Money.Of(row.CostMicros));
}

internal static class Money
{
    /// <summary>Millionths as an amount.</summary>
    public static decimal? Of(long? micros) => micros / 1_000_000m;
}
