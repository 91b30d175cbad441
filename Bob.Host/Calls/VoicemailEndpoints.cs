using System.Globalization;
using System.Text.RegularExpressions;
using Bob.Actors.Records;
using Bob.Host.Records;
using Bob.Host.Twilio;

namespace Bob.Host.Calls;

/// <summary>
/// What Twilio asks and reports while somebody else has a call of Bob's. What it sends along is all that is needed: the call may be of a process that is dead. All of
/// it may come twice, late, and in any order; a message is written down once.
/// </summary>
public sealed partial class VoicemailEndpoints(
    CallFallback fallback, CallsTakenOver takenOver, IJournal journal, VoicemailPickup pickup, TimeProvider clock, ILogger<VoicemailEndpoints> log)
{
    private const int LongestUrl = 500;

    /// <summary>Messages that the log has a line of.</summary>
    private readonly ToldOnce _told = new(1_000);

    /// <summary><c>POST /call-next/dialled</c>: a human was rung; what comes next?</summary>
    public Task<IResult> DialledAsync(TwilioRequest request)
    {
        Rang(request.Form.Shown("DialCallStatus"));
        if (!request.IsFinal)
            return Task.FromResult<IResult>(fallback.Dialled(request.CallSid, request.Form["DialCallStatus"]));
        takenOver.CameBack(request.CallSid);
        return Task.FromResult<IResult>(Twiml.Nothing());
    }

    /// <summary><c>POST /call-next/recorded</c>: the caller has left a message, and may have hung up with it.</summary>
    public Task<IResult> RecordedAsync(TwilioRequest request)
    {
        var taken = Take(request);
        takenOver.CameBack(request.CallSid);
        return Task.FromResult<IResult>(request.IsFinal ? Twiml.Nothing() : Twiml.HangUp(taken ? CallFallback.Thanks : CallFallback.Farewell));
    }

    /// <summary><c>POST /recording-status</c>: a recording is there. Comes besides the request above, and instead of it when that was lost.</summary>
    public Task<IResult> RecordingStatusAsync(TwilioRequest request)
    {
        if (request.Form["RecordingStatus"] is null or "completed")
            Take(request);
        takenOver.HungUp(request.CallSid); // the other request follows, if it was not lost
        return Task.FromResult<IResult>(Results.NoContent());
    }

    /// <summary>Writes the message down; false when there is none.</summary>
    private bool Take(TwilioRequest request)
    {
        if (request.Form["RecordingUrl"] is not { Length: > 0 and <= LongestUrl } url || RecordingSidPattern().Match(url) is not { Success: true } sid)
            return false;
        int? seconds = int.TryParse(request.Form["RecordingDuration"], NumberStyles.None, CultureInfo.InvariantCulture, out var duration) ? duration : null;
        var caller = request.Form["From"] is { } from ? Caller.Of(from).Value : null; // the report of a recording tells no caller
        var left = new JournalEntry.MessageLeft(sid.Groups[1].Value, url, caller, seconds);
        journal.Write(left with { CallSid = request.CallSid, Number = left.NumberInCall, At = clock.GetUtcNow() });
        pickup.Expect(left.RecordingSid);
        lock (_told)
        {
            if (_told.IsNew(left.RecordingSid))
                MessageTaken(seconds ?? 0);
        }

        return true;
    }

    [GeneratedRegex(@"/Recordings/(RE[0-9a-fA-F]{32})\z")]
    private static partial Regex RecordingSidPattern();

    [LoggerMessage(Level = LogLevel.Information, Message = "The call was handed to a human: {Outcome}")]
    private partial void Rang(string outcome);

    [LoggerMessage(Level = LogLevel.Information, Message = "The caller left a message of {Seconds} s")]
    private partial void MessageTaken(int seconds);
}
