using System.Diagnostics;
using Bob.Bench.Figures;
using Bob.Bench.Line;

namespace Bob.Bench.Callers;

/// <summary>One call, seen from Twilio: webhook, media stream, 20 ms of voice again and again, and the end.</summary>
internal sealed class Caller(Exchange exchange, BobAddress bob, CallJourneys journeys, int number)
{
    private static int sids;
    private readonly int _sid = ++sids;
    private MediaStreamLink? _stream;
    private Action<int>? _refused;
    private long _dialled;

    public int Number => number;

    public string CallSid => $"CA{_sid:x32}";

    public string StreamSid => $"MZ{_sid:x32}";

    /// <summary>From the webhook to Twilio's opening of the stream.</summary>
    public TimeSpan StreamDelay { get; init; }

    /// <summary>What is to go wrong with the call.</summary>
    public CallFault Fault { get; init; }

    /// <summary>The webhook was answered.</summary>
    public bool Answered { get; private set; }

    /// <summary>The stream is open and Bob has been heard.</summary>
    public bool Live => Speaking && FirstAudio is not null;

    /// <summary>The stream is open.</summary>
    public bool Speaking { get; private set; }

    /// <summary>The call could not be had, or was dropped; the caller did not hang up.</summary>
    public string? Failure { get; private set; }

    /// <summary>From the webhook to the first audio.</summary>
    public TimeSpan? FirstAudio { get; private set; }

    public void Dial()
    {
        _dialled = Stopwatch.GetTimestamp();
        if (bob.Webhooks)
            _ = new Webhook(exchange, bob, "/incoming-call", Form("ringing"), WebhookAnswered);
        else
            exchange.After(StreamDelay, () => OpenStream(""));
    }

    public void Speak()
    {
        if (Speaking)
            _stream!.Speak();
    }

    public void HangUp()
    {
        Speaking = false;
        if (Failure is not null)
            return;
        _stream?.HangUp();
        if (bob.Webhooks)
            _ = new Webhook(exchange, bob, "/call-status", Form("completed"), (_, _) => { });
    }

    /// <summary>Lets the fault happen, now that the call is there. Twilio tells of the end only where it would.</summary>
    public void Break()
    {
        Speaking = false;
        _stream?.Break(Fault);
        if (Fault == CallFault.AsksAndHangsUp)
            _ = new Webhook(exchange, bob, "/call-next", Form("in-progress"), (_, _) => Tell());
        else if (Fault is CallFault.HangsUpRinging or CallFault.HangsUpAtOnce || (_sid % 2 == 0 && Fault is not (CallFault.NoStream or CallFault.NoStart)))
            Tell();

        void Tell() => _ = new Webhook(exchange, bob, "/call-status", Form("completed"), (_, _) => { });
    }

    /// <summary>Somebody who does not know the token: at the webhook, or at the media socket.</summary>
    /// <param name="refused">Told the status of the answer.</param>
    public void TryUnsigned(bool atTheSocket, Action<int> refused)
    {
        if (!atTheSocket)
        {
            _ = new Webhook(exchange, bob, "/incoming-call", Form("ringing"), (status, _) => refused(status), signed: false);
            return;
        }

        _refused = refused;
        _ = new MediaStreamLink(exchange, bob, this, journeys, "", signed: false);
    }

    public void Connected()
    {
        if (_refused is null)
            Speaking = Fault != CallFault.NoStart;
        else
            _refused(101);
    }

    public void HeardBob() => FirstAudio ??= Stopwatch.GetElapsedTime(_dialled);

    public void Refused(int status)
    {
        if (_refused is null)
            Fail($"the media stream was refused with {status}");
        else
            _refused(status);
    }

    public void Dropped() => Fail("the media stream was dropped");

    private void WebhookAnswered(int status, string twiml)
    {
        Answered = true;
        if (status != 200 || HttpHead.Between(twiml, "name=\"ticket\" value=\"", "\"") is not { } ticket)
            Fail($"the webhook was answered with {status} {twiml}");
        else if (HttpHead.Between(twiml, "<Stream url=\"", "\"") != bob.MediaStream)
            Fail($"the TwiML names another stream: {twiml}");
        else if (Fault is CallFault.HangsUpRinging or CallFault.NoStream)
            Break();
        else
            exchange.After(StreamDelay - Stopwatch.GetElapsedTime(_dialled), () => OpenStream(ticket));
    }

    private void OpenStream(string ticket) => _stream = new MediaStreamLink(exchange, bob, this, journeys, ticket);

    private void Fail(string what)
    {
        (Failure, Speaking) = (what, false);
        journeys.Failed++;
    }

    private List<KeyValuePair<string, string>> Form(string callStatus) => CallForm.Of(CallSid, callStatus, _sid);
}
