namespace Bob.Simulator.Twilio;

/// <summary>Delivers a call's status callbacks beside the call, in order or, if the options say so, twice or the later one first.</summary>
internal sealed class StatusCallbacks(TwilioSimulatorOptions options, WebhookClient web, CallLog log, CancellationToken stop)
{
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;
    private Func<Task>? _held;

    public void Post(string url, IReadOnlyList<KeyValuePair<string, string>> form)
    {
        lock (_gate)
        {
            if (!options.CallbacksOutOfOrder)
            {
                Chain(() => DeliverAsync(url, form));
            }
            else if (_held is null)
            {
                _held = () => DeliverAsync(url, form);
            }
            else
            {
                Chain(() => DeliverAsync(url, form));
                Chain(_held);
                _held = null;
            }
        }
    }

    /// <summary>Completes when all callbacks are delivered.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            if (_held is not null)
                Chain(_held);
            _held = null;
            return _last;
        }
    }

    private void Chain(Func<Task> deliver) => _last = AfterAsync(_last, deliver);

    private static async Task AfterAsync(Task previous, Func<Task> deliver)
    {
        await previous;
        await deliver();
    }

    private async Task DeliverAsync(string url, IReadOnlyList<KeyValuePair<string, string>> form)
    {
        for (var times = options.CallbacksTwice ? 2 : 1; times > 0; times--)
        {
            var at = log.Now;
            var answer = await web.RequestAsync(url, "POST", form, Guid.NewGuid().ToString(), stop);
            log.Webhook(new WebhookReport(at, url, form, answer.Status, answer.Took));
            if (Problem(answer) is { } problem)
                log.Warn(15003, WarningLevel.Warning, $"status callback {url}: {problem}");
        }
    }

    private static string? Problem(WebhookAnswer answer)
    {
        if (answer.Problem is { } problem)
            return problem.Message;
        if (answer.Status == 204)
            return null;
        if (answer.Status != 200)
            return $"answered {answer.Status}; 204, or 200 with an empty <Response/>, is right";
        var empty = answer.ContentType is "text/xml" or "application/xml" && TwimlDocument.Parse(answer.Body) is { Error: null, Verbs.Count: 0 };
        return empty ? null : "answered 200 without text/xml and an empty <Response/>; 204 is simplest";
    }
}
