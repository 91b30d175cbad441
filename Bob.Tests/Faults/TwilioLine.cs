using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Event;
using Akka.Hosting;
using AwesomeAssertions;
using Bob.Actors.Hosting;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Actors.Calls.CallProtocol;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Faults;

/// <summary>What the specs of the line to Twilio do to a whole house, and look for in it.</summary>
internal static partial class TwilioLine
{
    public const string SomeCall = "CA0000000000000000000000000000abcd";
    public const string AccountSid = "AC00000000000000000000000000000001";

    private static readonly HttpClient Http = new();

    /// <summary>Says <paramref name="greeting"/>, and <paramref name="answer"/> to whatever the caller says.</summary>
    public static RealtimeScript Script(string greeting, string answer = "yes", params ScriptRule[] rules) =>
        new() { Greeting = new Reply { Say = [greeting] }, Rules = rules, Otherwise = new Reply { Say = [answer] } };

    /// <summary>The lines as they are sent: each filled up with silence to a whole frame.</summary>
    public static byte[] Lines(params string[] lines) => [.. lines.SelectMany(line =>
    {
        var voice = Voice(line);
        return voice.Concat(Enumerable.Repeat((byte)0xFF, (160 - (voice.Length % 160)) % 160));
    })];

    /// <summary>All of Bob's audio that was played on the streams of a call, to the last byte, is that of these lines.</summary>
    public static void ShouldHaveHeard(this CallReport report, params string[] lines)
    {
        byte[] heard = [.. report.Playback.SelectMany(stream => stream.Audio)];
        heard.AsSpan().SequenceEqual(Lines(lines)).Should().BeTrue(
            $"{heard.Length} bytes were heard, and [{string.Join("] [", lines)}] are {Lines(lines).Length}\n{report.Story()}");
    }

    public static string Story(this CallReport report) => string.Join('\n', report.Transcript.Select(line => $"{line.Ms,7} {line.Who}: {line.What}"));

    /// <summary>Nothing of any call is left: no actor, no session of the model.</summary>
    public static async Task ShouldBeEmptyAsync(this WholeHouse house)
    {
        foreach (var session in house.Model.Sessions)
            await session.Ended.WaitAsync(TimeSpan.FromSeconds(15), TestContext.Current.CancellationToken);
        house.Model.OpenSessions.Should().Be(0);
        (await house.CallsAsync()).Should().Be(0);
        house.Lines.Should().NotContain(line => line.Contains(" ERR "));
    }

    /// <summary>Calls that the node counts. Asked of the actor: <c>/health/ready</c> may dial the model.</summary>
    public static async Task<int> CallsAsync(this WholeHouse house) =>
        (await ActorRegistry.For(house.System).Get<CallsKey>().Ask<Occupancy>(GetOccupancy.Instance, TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken)).Calls;

    /// <summary>Posts a webhook, signed over <paramref name="signedUrl"/> (its own by default) or with <paramref name="signature"/>; an empty one is left out.</summary>
    public static async Task<(HttpStatusCode Status, string Body)> PostAsync(
        this WholeHouse house, string path, IReadOnlyList<KeyValuePair<string, string>> form, string? signedUrl = null, string? signature = null, params (string, string)[] headers)
    {
        var url = $"http://localhost:{house.Address.Port}{path}";
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new FormUrlEncodedContent(form) };
        signature ??= TwilioSignature.Compute(AuthToken, signedUrl ?? url, form);
        if (signature.Length > 0)
            request.Headers.TryAddWithoutValidation("X-Twilio-Signature", signature);
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public static KeyValuePair<string, string>[] Form(string callSid, string status) =>
    [
        new("AccountSid", AccountSid), new("CallSid", callSid), new("CallStatus", status), new("From", "+15550100001"), new("To", "+15550100002"), new("FromCity", ""),
    ];

    /// <summary>Announces a call and gives the ticket its stream needs.</summary>
    public static async Task<string> AnnounceAsync(this WholeHouse house, string callSid = SomeCall) =>
        TicketOf((await house.PostAsync("/incoming-call", Form(callSid, "ringing"))).Body);

    public static string TicketOf(string twiml) => TicketPattern().Match(twiml).Groups[1].Value;

    /// <summary>A call whose stream is a bare socket: announced, open, and past its <c>start</c>.</summary>
    public static async Task<RawStream> LiveStreamAsync(this WholeHouse house, string callSid = SomeCall)
    {
        var ticket = await house.AnnounceAsync(callSid);
        var stream = await RawStream.OpenAsync(house);
        await stream.SendAsync(RawStream.Connected, RawStream.Start(callSid, ticket));
        await house.UntilAsync(() => house.Lines.Any(line => line.Contains("Media stream connected")), "the stream's acceptance");
        return stream;
    }

    /// <summary>Messages that an actor did not know what to do with.</summary>
    public static ConcurrentQueue<object> Unhandled(this WholeHouse house)
    {
        var messages = new ConcurrentQueue<object>();
        house.System.EventStream.Subscribe(house.System.ActorOf(Props.Create(() => new Collector(messages))), typeof(UnhandledMessage));
        return messages;
    }

    [GeneratedRegex("name=\"ticket\" value=\"([^\"]+)\"")]
    private static partial Regex TicketPattern();

    private sealed class Collector : UntypedActor
    {
        private readonly ConcurrentQueue<object> _messages;

        public Collector(ConcurrentQueue<object> messages) => _messages = messages;

        protected override void OnReceive(object message) => _messages.Enqueue(((UnhandledMessage)message).Message);
    }
}
