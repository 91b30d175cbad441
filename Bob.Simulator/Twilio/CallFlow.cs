namespace Bob.Simulator.Twilio;

/// <summary>What the REST API asked for: a document, or the URL of one.</summary>
internal abstract record CallUpdate
{
    public sealed record Document(string Twiml) : CallUpdate;

    public sealed record Address(string Url, string Method) : CallUpdate;
}

/// <summary>Where a call goes next: to another document, or to its end. Null everywhere below: to the next verb.</summary>
internal abstract record Turn
{
    public sealed record GoTo(string BaseUrl, TwimlDocument Document) : Turn;

    public sealed record Over(CallEndReason Reason, string Detail) : Turn;
}

/// <summary>One call from its first webhook to its last callback: fetches documents and performs their verbs one after the other.</summary>
internal sealed class CallFlow
{
    private readonly string _callSid;
    private readonly CallPlan _plan;
    private readonly TwilioSimulatorOptions _options;
    private readonly CallLine _line;
    private readonly CallLog _log;
    private readonly CallForm _form;
    private readonly TwimlSource _source;
    private readonly StatusCallbacks _callbacks;
    private readonly OtherParties _others;
    private readonly Lock _gate = new();
    private CancellationTokenSource _verb = new();
    private CallUpdate? _update;
    private StreamEnd? _streamFailure;
    private bool _answered;
    private bool _over;

    public CallFlow(string callSid, CallPlan plan, TwilioSimulatorOptions options, WebhookClient web, CallLine line, RecordingShelf shelf, CancellationToken stopping)
    {
        _callSid = callSid;
        _plan = plan;
        _options = options;
        _line = line;
        _log = line.Log;
        _form = new CallForm(options.AccountSid, callSid, plan);
        _source = new TwimlSource(options, web, _form, _log, stopping);
        _callbacks = new StatusCallbacks(options, web, _log, stopping);
        _others = new OtherParties(plan, options, line, shelf);
    }

    /// <summary>The call is not over yet.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_gate)
                return !_over;
        }
    }

    /// <summary>As the webhooks say it.</summary>
    public string Status => !IsRunning || _line.Gone.IsCancellationRequested ? "completed" : _answered ? "in-progress" : "ringing";

    public async Task<CallReport> RunAsync()
    {
        LineClock.Shared.Add(_line);
        try
        {
            var over = await PerformAsync();
            _log.Say("twilio", $"call over: {over.Detail}");
            lock (_gate)
                _over = true;
            var answeredFor = _log.Now;
            _line.StopAnnouncing();
            LineClock.Shared.Remove(_line);
            if (_options.StatusCallbackUrl is { } callback)
                _callbacks.Post(callback, _form.Ended(FinalStatus(over), answeredFor, DateTimeOffset.UtcNow));
            await _callbacks.FlushAsync();
            return _line.Report(_callSid, over.Reason, over.Detail, answeredFor);
        }
        finally
        {
            LineClock.Shared.Remove(_line);
        }
    }

    /// <summary>Replaces the running document. False if the call is over.</summary>
    public bool Update(CallUpdate update)
    {
        lock (_gate)
        {
            if (_over || _line.Gone.IsCancellationRequested)
                return false;
            _update = update;
            _ = _verb.CancelAsync();
            return true;
        }
    }

    private static string FinalStatus(Turn.Over over) => over switch
    {
        { Reason: CallEndReason.Rejected, Detail: "busy" } => "busy",
        { Reason: CallEndReason.Rejected } => "no-answer",
        _ => "completed",
    };

    private async Task<Turn.Over> PerformAsync()
    {
        Turn turn = await UnlessGoneAsync(_source.FetchFirstAsync());
        for (var documents = 1; ; documents++)
        {
            switch (turn)
            {
                case Turn.Over over:
                    return over;
                case Turn.GoTo when _line.Gone.IsCancellationRequested:
                    return Gone();
                case Turn.GoTo when documents > _options.MaxDocuments:
                    return new Turn.Over(CallEndReason.InvalidTwiml, $"more than {_options.MaxDocuments} documents: a loop");
                case Turn.GoTo next:
                    turn = await PerformAsync(next);
                    break;
            }
        }
    }

    private async Task<Turn> PerformAsync(Turn.GoTo script)
    {
        _streamFailure = null;
        for (var i = 0; i < script.Document.Verbs.Count; i++)
        {
            var verb = script.Document.Verbs[i];
            var running = BeginVerb();
            Turn? turn = null;
            try
            {
                _answered |= verb is not (TwimlVerb.Reject or TwimlVerb.Redirect);
                turn = await PerformAsync(verb, script, isFirst: i == 0, running.Token);
            }
            catch (OperationCanceledException) when (running.IsCancellationRequested)
            {
                _line.StopAnnouncing();
            }

            if (_line.Gone.IsCancellationRequested)
                return turn as Turn.Over ?? Gone();
            if (TakeUpdate() is { } update)
                return await ApplyAsync(update, script);
            if (turn is not null)
                return turn;
        }

        return _streamFailure is { } failure
            ? new Turn.Over(CallEndReason.StreamFailed, $"the stream ended ({failure.Code}: {failure.Message}) and no verb followed")
            : new Turn.Over(CallEndReason.TwimlEnded, "the TwiML was done");
    }

    private async Task<Turn?> PerformAsync(TwimlVerb verb, Turn.GoTo script, bool isFirst, CancellationToken stop)
    {
        if (verb is not TwimlVerb.ConnectStream)
            _streamFailure = null;
        switch (verb)
        {
            case TwimlVerb.ConnectStream connect:
                return await ConnectAsync(connect, script, stop);
            case TwimlVerb.Say say:
                _log.Say("twilio", $"says: {say.Text}");
                await AnnounceAsync(_options.SayTimePerCharacter * say.Text.Length * Math.Max(1, say.Loop), say.Text.Length, stop);
                return null;
            case TwimlVerb.Play play:
                _log.Say("twilio", $"plays {play.Digits ?? play.Url}");
                await AnnounceAsync(TimeSpan.FromSeconds(Math.Max(1, play.Loop)), 7, stop);
                return null;
            case TwimlVerb.Pause pause:
                await Task.Delay(Scaled(pause.Length), stop);
                return null;
            case TwimlVerb.Redirect redirect:
                return await FetchAsync(redirect.Url, redirect.Method, script);
            case TwimlVerb.Reject reject when isFirst && !_answered:
                return new Turn.Over(CallEndReason.Rejected, reject.Reason);
            case TwimlVerb.Reject:
                _log.Warn(12200, WarningLevel.Warning, "<Reject> after the call was answered only hangs up");
                return new Turn.Over(CallEndReason.HungUpByTwiml, "the TwiML rejected the answered call");
            case TwimlVerb.HangUp:
                return new Turn.Over(CallEndReason.HungUpByTwiml, "the TwiML hung up");
            case TwimlVerb.Dial dial:
                return await FollowAsync(await _others.DialAsync(dial, stop), script);
            case TwimlVerb.Record record:
                var recorded = await _others.RecordAsync(record, script.BaseUrl, stop);
                if (recorded is not null && record.StatusCallback is { } callback)
                    _callbacks.Post(callback, _form.Recorded(recorded, DateTimeOffset.UtcNow));
                return await FollowAsync(recorded, script);
            default:
                throw new InvalidOperationException($"No performance for {verb.GetType().Name}.");
        }
    }

    private async Task<Turn?> ConnectAsync(TwimlVerb.ConnectStream connect, Turn.GoTo script, CancellationToken stop)
    {
        var stream = _line.NewStream(_callSid, connect);
        StreamEnd end;
        if (connect.Refusal is { } refusal)
        {
            end = stream.Refuse(new StreamEnd(refusal.Code, refusal.Message));
        }
        else
        {
            await Task.Delay(_options.StreamOpenDelay, stop);
            end = await stream.RunAsync(_plan.StreamSignature ?? _options.StreamSignature, () => Report("stream-started", null), stop);
        }

        var isError = end.Code is not null && (end.Code != 31921 || _options.ServerCloseIsStreamError);
        Report(isError ? "stream-error" : "stream-stopped", isError ? $"{end.Code} - {end.Message}" : null);
        if (_line.Gone.IsCancellationRequested)
        {
            if (connect.Action is not null && _options.ActionAfterHangUp && _line.GoneReason != CallEndReason.SimulatorStopped)
                await FetchAsync(connect.Action, connect.Method, script);
            return Gone();
        }

        stop.ThrowIfCancellationRequested();
        if (connect.Action is not null)
            return await FetchAsync(connect.Action, connect.Method, script);
        _streamFailure = end.Code is null or 31921 ? null : end;
        return null;

        void Report(string streamEvent, string? error)
        {
            if (connect.StatusCallback is { } callback && connect.Refusal?.Code != 11100)
                _callbacks.Post(callback, _form.Stream(stream.StreamSid, connect.Name, streamEvent, error, DateTimeOffset.UtcNow));
        }
    }

    private async Task AnnounceAsync(TimeSpan duration, int seed, CancellationToken stop)
    {
        _line.Announce(Babble.Speak(Scaled(duration), seed));
        await Task.Delay(Scaled(duration), stop);
    }

    private async Task<Turn?> FollowAsync(VerbAction? action, Turn.GoTo script) =>
        action is null ? null : await FetchAsync(action.Url, action.Method, script, action.Fields);

    private Task<Turn> FetchAsync(string url, string method, Turn.GoTo script, params (string Name, string Value)[] more) =>
        _source.FetchAsync(url, method, script.BaseUrl, Status, more);

    private async Task<Turn> ApplyAsync(CallUpdate update, Turn.GoTo script)
    {
        _log.Say("twilio", "the REST API replaced the document");
        return update switch
        {
            CallUpdate.Document document => _source.Use(script.BaseUrl, document.Twiml),
            CallUpdate.Address address => await FetchAsync(address.Url, address.Method, script),
            _ => throw new InvalidOperationException($"No way to apply {update.GetType().Name}."),
        };
    }

    private async Task<Turn> UnlessGoneAsync(Task<Turn> fetch)
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var leaving = _line.Gone.Register(() => gone.TrySetResult());
        return await Task.WhenAny(fetch, gone.Task) == fetch ? await fetch : Gone();
    }

    private Turn.Over Gone() => new(_line.GoneReason, _line.GoneDetail);

    private CancellationTokenSource BeginVerb()
    {
        lock (_gate)
        {
            _verb = CancellationTokenSource.CreateLinkedTokenSource(_line.Gone);
            if (_update is not null)
                _verb.Cancel();
            return _verb;
        }
    }

    private CallUpdate? TakeUpdate()
    {
        lock (_gate)
        {
            var update = _update;
            _update = null;
            return update;
        }
    }

    private TimeSpan Scaled(TimeSpan time) => time * _options.VerbTimeScale;
}
