using System.Text.RegularExpressions;
using Bob.Actors.Calls;

namespace Bob.Host.Twilio;

/// <summary>A request that passed the gate, about one call.</summary>
public sealed record TwilioRequest(CallSid CallSid, TwilioForm Form)
{
    /// <summary>Twilio's <c>CallStatus</c>, lower case; empty when absent.</summary>
    public string CallStatus => Form["CallStatus"]?.ToLowerInvariant() ?? "";

    /// <summary>The call is over for Twilio, and nothing more can be done with it.</summary>
    public bool IsFinal => CallStatus is "completed" or "busy" or "failed" or "no-answer" or "canceled";
}

/// <summary>Maps a path that Twilio posts to: read, checked, and only then handled.</summary>
public static partial class TwilioWebhooks
{
    private const string FormType = "application/x-www-form-urlencoded";
    private static readonly TimeSpan ReadDeadline = TimeSpan.FromSeconds(5);

    public static void MapTwilioPost(this IEndpointRouteBuilder routes, string path, Func<TwilioRequest, HttpContext, Task<IResult>> handle) =>
        routes.MapPost(path, async (HttpContext context) =>
        {
            var (form, refusal) = await ReadForm(context);
            await Task.Yield(); // a body that came late was read on the socket thread, which is no place for signatures
            if (form is null)
                return Results.StatusCode(refusal);

            // The gate comes before every other complaint: a stranger learns nothing but that it is closed.
            if (!context.RequestServices.GetRequiredService<TwilioGate>().AdmitsWebhook(context, form))
                return Results.StatusCode(StatusCodes.Status403Forbidden);
            if (!IsForm(context.Request))
                return Results.Text($"Expected {FormType}", statusCode: StatusCodes.Status415UnsupportedMediaType);
            if (form["CallSid"] is not { } callSid || !CallSidPattern().IsMatch(callSid))
                return Results.Text("CallSid must be CA and 32 hexadecimal digits", statusCode: StatusCodes.Status400BadRequest);

            var log = context.RequestServices.GetRequiredService<ILogger<TwilioRequest>>();
            using (log.BeginScope(Ids(callSid, form)))
                return await handle(new TwilioRequest(new CallSid(callSid), form), context);
        });

    /// <summary>What every log line about the request carries. Only some of them are about a stream.</summary>
    private static Dictionary<string, object> Ids(string callSid, TwilioForm form)
    {
        var ids = new Dictionary<string, object> { ["CallSid"] = callSid };
        if (form.Shown("StreamSid") is { Length: > 0 } streamSid)
            ids["StreamSid"] = streamSid;
        return ids;
    }

    private static bool IsForm(HttpRequest request) => request.ContentType?.StartsWith(FormType, StringComparison.OrdinalIgnoreCase) is true;

    /// <summary>The form, or the status to refuse the request with. A body of another type has no fields.</summary>
    private static async Task<(TwilioForm? Form, int Refusal)> ReadForm(HttpContext context)
    {
        if (!IsForm(context.Request))
            return (TwilioForm.Empty, 0);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        deadline.CancelAfter(ReadDeadline);
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            while (await context.Request.Body.ReadAsync(buffer, deadline.Token) is var read and > 0)
            {
                if (body.Length + read > TwilioForm.MaxBodyBytes)
                    return (null, StatusCodes.Status413PayloadTooLarge);
                body.Write(buffer, 0, read);
            }
        }
        catch (BadHttpRequestException refused)
        {
            return (null, refused.StatusCode);
        }
        catch (OperationCanceledException)
        {
            return (null, StatusCodes.Status408RequestTimeout);
        }

        return TwilioForm.Parse(body.GetBuffer().AsSpan(0, (int)body.Length)) is { } form
            ? (form, 0)
            : (null, StatusCodes.Status413PayloadTooLarge);
    }

    [GeneratedRegex(@"^CA[0-9a-fA-F]{32}\z")]
    private static partial Regex CallSidPattern();
}
