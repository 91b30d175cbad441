namespace Bob.Simulator.Twilio;

/// <summary>A call under way: what specs can see of it and do to it. All members may be used from any thread.</summary>
public sealed class SimulatedCall
{
    private static readonly TimeSpan DefaultPatience = TimeSpan.FromSeconds(15);

    private readonly CallLine _line;
    private readonly CallFlow _flow;

    internal SimulatedCall(CallPlan plan, TwilioSimulatorOptions options, WebhookClient web, RecordingShelf shelf, CancellationToken stopping)
    {
        CallSid = plan.CallSid ?? Sid.New("CA");
        (From, To) = (plan.From, plan.To);
        _line = new CallLine(plan, options);
        _flow = new CallFlow(CallSid, plan, options, web, _line, shelf, stopping);
        Completion = Task.Run(_flow.RunAsync, CancellationToken.None);
    }

    /// <summary>The call's SID.</summary>
    public string CallSid { get; }

    /// <summary>The caller's number.</summary>
    public string From { get; }

    /// <summary>The number called.</summary>
    public string To { get; }

    /// <summary>Twilio's word for where the call is: <c>ringing</c>, <c>in-progress</c> or <c>completed</c>.</summary>
    public string Status => _flow.Status;

    /// <summary>Completes when the call is over and all callbacks are delivered. Never fails because of the server.</summary>
    public Task<CallReport> Completion { get; }

    /// <summary>Time of the call.</summary>
    public TimeSpan Time => _line.Log.Now;

    /// <summary>Bob's audio that the caller heard on all streams, ms.</summary>
    public long HeardMs => _line.HeardBytes / Mulaw.BytesPerMs;

    /// <summary>Where Bob's audio is at this moment on the current stream, or was at its end, bytes.</summary>
    public long PlayoutPosition => _line.View?.HeardBytes ?? 0;

    /// <summary>Bob was audible within the last 200 ms.</summary>
    public bool IsBobSpeaking => _line.IsBobSpeaking;

    /// <summary>The stream that is up, or null.</summary>
    public StreamView? CurrentStream => _line.View is { } view && _line.IsStreamUp ? view : null;

    /// <summary>Everything that happened so far.</summary>
    public IReadOnlyList<TranscriptLine> Transcript => _line.Log.Transcript;

    /// <summary>What Twilio's debugger shows so far.</summary>
    public IReadOnlyList<TwilioWarning> Warnings => _line.Log.Warnings;

    /// <summary>The requests made so far.</summary>
    public IReadOnlyList<WebhookReport> Webhooks => _line.Log.Webhooks;

    /// <summary>The streams so far.</summary>
    public IReadOnlyList<StreamReport> Streams => _line.StreamReports;

    /// <summary>Bob's audio that was played so far, one entry per stream.</summary>
    public IReadOnlyList<HeardAudio> Playback => _line.Playback;

    /// <summary>The caller says something, mu-law at 8 kHz, after what is still being said.</summary>
    public void Speak(byte[] mulaw) => _line.Speak(mulaw);

    /// <summary>The caller presses keys.</summary>
    public void Dtmf(string digits) => _line.PressKeys(digits);

    /// <summary>The caller hangs up. Completes when the call is over.</summary>
    public Task<CallReport> HangUpAsync()
    {
        _line.HangUp(CallEndReason.CallerHungUp, "the caller hung up");
        return Completion;
    }

    /// <summary>Cuts the media socket without a word: by FIN, or by a reset.</summary>
    public void DropMedia(bool reset) => _line.DropMedia(reset);

    /// <summary>Makes the media socket fall silent in both directions without closing it.</summary>
    public void FreezeMedia() => _line.FreezeMedia();

    /// <summary>What the REST API does on an update with <c>Twiml</c>: the running document is replaced. False if the call is over.</summary>
    public bool UpdateTwiml(string twiml) => _flow.Update(new CallUpdate.Document(twiml));

    /// <summary>What the REST API does on an update with <c>Url</c>. False if the call is over.</summary>
    public bool UpdateUrl(Uri url, string method = "POST") => _flow.Update(new CallUpdate.Address(url.OriginalString, method));

    /// <summary>What the REST API does on <c>Status=completed</c>. False if the call is over.</summary>
    public bool EndByApi() => _flow.IsRunning && _line.HangUp(CallEndReason.EndedByApi, "the REST API ended the call");

    /// <summary>Waits until so much of Bob's audio was heard on all streams together.</summary>
    public Task WaitForHeardAsync(int ms, TimeSpan? atMost = null) => WaitForAsync(call => call.HeardMs >= ms, $"{ms} ms of Bob heard", atMost);

    /// <summary>Waits until the n-th stream of the call is up.</summary>
    public Task WaitForStreamAsync(int number = 1, TimeSpan? atMost = null) =>
        WaitForAsync(call => call.CurrentStream?.Number >= number, $"stream {number} up", atMost);

    /// <summary>Waits until no audio of Bob's is left to be played.</summary>
    public Task WaitForQuietAsync(TimeSpan? atMost = null) =>
        WaitForAsync(call => call.CurrentStream is null or { BufferedBytes: 0 } && !call.IsBobSpeaking, "Bob quiet", atMost);

    /// <summary>Waits until a condition holds; it is looked at every few ms on the clock's thread and must be quick.</summary>
    /// <exception cref="TimeoutException">It did not come to hold in time, 15 s by default; the message has the transcript.</exception>
    /// <exception cref="InvalidOperationException">The call ended first.</exception>
    public async Task WaitForAsync(Func<SimulatedCall, bool> condition, string what = "the condition", TimeSpan? atMost = null)
    {
        var met = _line.When(() => condition(this));
        var first = await Task.WhenAny(met, Completion, Task.Delay(atMost ?? DefaultPatience));
        if (first == met || met.IsCompletedSuccessfully)
        {
            await met;
            return;
        }

        var story = string.Join('\n', Transcript.Select(line => $"{line.Ms,7} ms  {line.Who}: {line.What}"));
        if (first == Completion)
            throw new InvalidOperationException($"The call ended without: {what}.\n{story}");
        throw new TimeoutException($"Not within {(atMost ?? DefaultPatience).TotalSeconds:0.#} s: {what}.\n{story}");
    }

    internal void Stop() => _line.HangUp(CallEndReason.SimulatorStopped, "the simulator was stopped");
}
