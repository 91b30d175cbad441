namespace Bob.Simulator.Twilio;

/// <summary>Fetches a call's documents from its webhooks, falls back when one fails, and writes down what Twilio's debugger would show.</summary>
internal sealed class TwimlSource(TwilioSimulatorOptions options, WebhookClient web, CallForm form, CallLog log, CancellationToken stop)
{
    public async Task<Turn> FetchFirstAsync()
    {
        var url = options.PublicWebhook;
        var fields = form.Standard("ringing");
        var token = Guid.NewGuid().ToString();
        switch (options.WebhookDelivery)
        {
            case WebhookDelivery.TwiceInSequence:
                await RequestAsync(url, "POST", fields, token);
                break;
            case WebhookDelivery.TwiceAtOnce:
                var first = RequestAsync(url, "POST", fields, token);
                var answer = await RequestAsync(url, "POST", fields, token);
                await first;
                return await UseAsync(answer, "ringing");
        }

        return await UseAsync(await RequestAsync(url, "POST", fields, token), "ringing");
    }

    /// <summary>Fetches a document; <paramref name="url"/> may be relative to <paramref name="baseUrl"/>.</summary>
    public async Task<Turn> FetchAsync(string url, string method, string baseUrl, string callStatus, params (string Name, string Value)[] more)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var absolute) || !absolute.Scheme.StartsWith("http", StringComparison.Ordinal))
            url = Uri.TryCreate(new Uri(baseUrl), url, out var relative) ? relative.AbsoluteUri : url;
        return await UseAsync(await RequestAsync(url, method, form.Standard(callStatus, more), Guid.NewGuid().ToString()), callStatus);
    }

    /// <summary>Uses a document that came in another way than by a webhook.</summary>
    public Turn Use(string baseUrl, string twiml)
    {
        log.Document(twiml);
        var document = TwimlDocument.Parse(twiml);
        Warn(document);
        if (document.Error is { } error)
            return Fail(CallEndReason.InvalidTwiml, baseUrl, error);
        return new Turn.GoTo(baseUrl, document);
    }

    private async Task<WebhookAnswer> RequestAsync(string url, string method, IReadOnlyList<KeyValuePair<string, string>> fields, string token)
    {
        var at = log.Now;
        var answer = await web.RequestAsync(url, method, fields, token, stop);
        log.Webhook(new WebhookReport(at, url, fields, answer.Status, answer.Took));
        log.Say(at, "twilio", $"{method} {url} ({fields.FirstOrDefault(f => f.Key == "CallStatus").Value}): {answer.Status} after {answer.Took.TotalMilliseconds:0} ms");
        if (answer.Body.Length > 0 && answer.Status is >= 200 and <= 299)
            log.Document(answer.Body);
        return answer;
    }

    private async Task<Turn> UseAsync(WebhookAnswer answer, string callStatus, bool isFallback = false)
    {
        var over = callStatus == "completed";
        var reason = CallEndReason.WebhookFailed;
        var problem = answer.Problem;
        if (problem is null && over && answer.Body.Length == 0)
            return new Turn.GoTo(answer.Url, new TwimlDocument([], [], null));
        if (problem is null && answer.ContentType is not ("text/xml" or "application/xml" or "text/html"))
            problem = new TwimlProblem(12300, answer.ContentType is null ? "no TwiML and no Content-Type" : $"Content-Type {answer.ContentType} is not TwiML");
        if (problem is null)
        {
            reason = CallEndReason.InvalidTwiml;
            var document = TwimlDocument.Parse(answer.Body);
            Warn(document);
            problem = document.Error;
            if (problem is null)
                return new Turn.GoTo(answer.Url, document);
        }

        if (isFallback || over || options is { FallbackUrl: null, FallbackTwiml: null })
            return Fail(reason, answer.Url, problem);
        log.Warn(problem.Code, WarningLevel.Error, $"{answer.Url}: {problem.Message}; asking the fallback");
        if (options.FallbackUrl is not { } fallback)
            return Use(options.PublicWebhook, options.FallbackTwiml!);
        var code = problem.Code.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var fields = form.Standard(callStatus, ("ErrorCode", code), ("ErrorUrl", answer.Url));
        var second = await RequestAsync(fallback.OriginalString, "POST", fields, Guid.NewGuid().ToString());
        return await UseAsync(second, callStatus, isFallback: true);
    }

    private Turn.Over Fail(CallEndReason reason, string url, TwimlProblem problem)
    {
        log.Warn(problem.Code, WarningLevel.Error, $"{url}: {problem.Message}");
        return new Turn.Over(reason, $"{problem.Code}: {problem.Message}");
    }

    private void Warn(TwimlDocument document)
    {
        foreach (var warning in document.Warnings)
            log.Warn(warning.Code, WarningLevel.Warning, warning.Message);
    }
}
