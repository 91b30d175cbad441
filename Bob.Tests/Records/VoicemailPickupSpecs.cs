using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AwesomeAssertions;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Bob.Host.Twilio;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Host;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Bob.Tests.Records;

/// <summary>Recordings of messages on their way from Twilio into Bob's folder and out of his API.</summary>
public sealed class VoicemailPickupSpecs
{
    private const string Account = "AC00000000000000000000000000000001";
    private const string Sid = "RE00000000000000000000000000000001";
    private const string Token = "correct-horse-battery-staple-0123456789";
    private static readonly byte[] Message = Wav.WriteMono(Babble.Speak(TimeSpan.FromSeconds(2)));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_recording_is_fetched_kept_for_Bobs_user_alone_and_served_by_the_API()
    {
        await using var twilio = await Recordings.StartAsync(_ => HttpStatusCode.OK);
        await using var bob = await StartAsync(RecordsFolder.Make(), twilio);

        await LeaveAsync(bob, twilio);
        var message = await bob.Records.MessageAsync(row => row.Recording != null);

        message.RecordingUrl.Should().BeNull();
        var file = Path.Combine(bob.Records.Path, "recordings", message.Recording!);
        (await File.ReadAllBytesAsync(file, Cancellation)).Should().Equal(Message);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        using var served = await ApiAsync(bob, HttpMethod.Get, $"/api/messages/{message.Id}/recording");
        served.Content.Headers.ContentType!.MediaType.Should().Be("audio/wav");
        (await served.Content.ReadAsByteArrayAsync(Cancellation)).Should().Equal(Message);
        twilio.Asked.Should().Equal($"/2010-04-01/Accounts/{Account}/Recordings/{Sid}.wav");
        bob.Lines.Should().NotContain(line => line.Contains(RunningBob.AuthToken));

        (await ApiAsync(bob, HttpMethod.Delete, $"/api/messages/{message.Id}")).StatusCode.Should().Be(HttpStatusCode.NoContent);
        File.Exists(file).Should().BeFalse("it goes with its message");
    }

    [Fact]
    public async Task What_a_caller_said_to_Twilio_is_what_the_API_lets_hear()
    {
        await using var api = await Recordings.StartAsync(_ => HttpStatusCode.OK);
        var folder = Directory.CreateTempSubdirectory("bob-voicemail-");
        await using var house = await WholeHouse.StartAsync(
            new RealtimeScript { Faults = [new Fault { At = new FaultPoint { On = FaultMoment.Connect }, Do = FaultAction.Http, Status = 401, Times = 0 }] },
            settings: [("TWILIO_ACCOUNT_SID", Account), ("TWILIO_API_URL", api.Address.AbsoluteUri), ("RECORDING_DIRECTORY", folder.FullName), ("API_TOKEN", Token)]);
        (api.Shelf, house.Twilio.Recordings.Api) = (house.Twilio.Recordings, api.Address);

        var call = await house.Twilio.PlaceCall(new CallPlan { From = "+15550100077", Records = [new RecordOutcome(TimeSpan.FromSeconds(6), "#")] }).Completion;
        var message = await house.Records.MessageAsync(row => row.Recording != null);
        using var http = new HttpClient { BaseAddress = house.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        var heard = await http.GetByteArrayAsync(new Uri($"/api/messages/{message.Id}/recording", UriKind.Relative), Cancellation);

        (message.CallSid, message.Caller, message.Seconds).Should().Be((call.CallSid, "+15550100077", 6));
        heard.Should().Equal(house.Twilio.Recordings.Find(house.Twilio.Recordings.Sids.Single()));
        heard.Should().HaveCount(44 + (6 * 16_000));
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_recording_that_is_not_there_yet_is_asked_for_again()
    {
        await using var twilio = await Recordings.StartAsync(number => number < 3 ? HttpStatusCode.NotFound : HttpStatusCode.OK);
        await using var bob = await StartAsync(RecordsFolder.Make(), twilio);

        await LeaveAsync(bob, twilio);
        var waiting = await bob.Records.MessageAsync(_ => true);
        using var early = await ApiAsync(bob, HttpMethod.Get, $"/api/messages/{waiting.Id}/recording");

        early.StatusCode.Should().Be(HttpStatusCode.NotFound);
        (await early.Content.ReadAsStringAsync(Cancellation)).Should().Contain("was not fetched yet");
        await bob.Records.MessageAsync(row => row.Recording != null);
        twilio.Asked.Should().HaveCount(3);
    }

    [Fact]
    public async Task A_recording_that_one_process_could_not_have_is_fetched_by_the_next()
    {
        await using var twilio = await Recordings.StartAsync(_ => HttpStatusCode.ServiceUnavailable);
        var records = RecordsFolder.Make();
        var first = await StartAsync(records, twilio);
        await LeaveAsync(first, twilio);
        await records.MessageAsync(row => row.RecordingUrl != null);
        await first.StopAsync();

        twilio.Answer = _ => HttpStatusCode.OK;
        await using var second = await StartAsync(records, twilio);

        await records.MessageAsync(row => row.Recording != null);
    }

    [Fact]
    public async Task What_was_fetched_in_part_does_not_stay_whether_the_disk_or_the_process_was_at_fault()
    {
        await using var twilio = await Recordings.StartAsync(_ => HttpStatusCode.OK);
        var records = RecordsFolder.Make();
        var folder = Directory.CreateDirectory(Path.Combine(records.Path, "recordings"));
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "RE00000000000000000000000000000002.fetched"), "sou", Cancellation);
        folder.CreateSubdirectory($"{Sid}.wav"); // which takes the place of the file
        await using var bob = await StartAsync(records, twilio);

        await LeaveAsync(bob, twilio);

        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(25));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        while (twilio.Asked.Count < 2 || folder.EnumerateFiles().Any())
            await tick.WaitForNextTickAsync(deadline.Token);
        (await bob.Records.MessageAsync(row => row.RecordingUrl != null)).Recording.Should().BeNull("it is tried again");
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "http-401")]
    [InlineData(HttpStatusCode.Found, "http-302")]
    [InlineData(HttpStatusCode.InternalServerError, "http-500")]
    public async Task A_refusal_is_a_word_and_nobody_else_is_asked(HttpStatusCode status, string word)
    {
        await using var twilio = await Recordings.StartAsync(_ => status);
        using var recordings = new TwilioRecordings(Options(twilio.Address));

        (await recordings.FetchAsync(twilio.UrlOf(Sid), Cancellation)).Should().Be(((byte[]?)null, word));

        twilio.Asked.Should().ContainSingle();
    }

    [Theory]
    [InlineData("https://elsewhere.example.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE00000000000000000000000000000001")]
    [InlineData("{api}2010-04-01/Accounts/AC00000000000000000000000000000002/Recordings/RE00000000000000000000000000000001")]
    [InlineData("{api}2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/../../../admin")]
    [InlineData("{api}2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE00000000000000000000000000000001?x=")]
    [InlineData("http://user@localhost:1/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE00000000000000000000000000000001")]
    [InlineData("file:///etc/passwd")]
    [InlineData("nothing")]
    public async Task An_address_that_is_not_Twilios_gets_no_request(string url)
    {
        await using var twilio = await Recordings.StartAsync(_ => HttpStatusCode.OK);
        using var recordings = new TwilioRecordings(Options(twilio.Address));

        (await recordings.FetchAsync(url.Replace("{api}", twilio.Address.AbsoluteUri), Cancellation)).Refusal.Should().Be("not-twilios-address");

        twilio.Asked.Should().BeEmpty();
    }

    [Fact]
    public async Task What_is_no_recording_or_too_big_for_one_is_not_taken()
    {
        await using var twilio = await Recordings.StartAsync(_ => HttpStatusCode.OK);
        using var recordings = new TwilioRecordings(Options(twilio.Address));

        twilio.Body = "<html>"u8.ToArray();
        (await recordings.FetchAsync(twilio.UrlOf(Sid), Cancellation)).Refusal.Should().Be("not-audio");
        twilio.Body = new byte[TwilioRecordings.MaxBytes + 1];
        (await recordings.FetchAsync(twilio.UrlOf(Sid), Cancellation)).Refusal.Should().Be("too-big");
        using var nobody = new TwilioRecordings(Options(new Uri("http://localhost:1")));
        (await nobody.FetchAsync($"http://localhost:1/2010-04-01/Accounts/{Account}/Recordings/{Sid}", Cancellation)).Refusal.Should().Be("unreachable");
    }

    private static BobOptions Options(Uri api) => BobOptionsReader.Read(SettingsSources.Of(new Dictionary<string, string>
    {
        ["TWILIO_ACCOUNT_SID"] = Account,
        ["TWILIO_AUTH_TOKEN"] = RunningBob.AuthToken,
        ["TWILIO_API_URL"] = api.AbsoluteUri,
    }));

    private static Task<RunningBob> StartAsync(RecordsFolder records, Recordings twilio) => RunningBob.StartAsync(
        records,
        _ => null,
        null,
        ("TWILIO_ACCOUNT_SID", Account),
        ("TWILIO_API_URL", twilio.Address.AbsoluteUri),
        ("RECORDING_DIRECTORY", Path.Combine(records.Path, "recordings")),
        ("API_TOKEN", Token));

    private static Task<HttpResponseMessage> LeaveAsync(RunningBob bob, Recordings twilio) => bob.PostAsync("/call-next/recorded", RunningBob.Call(
        ("CallStatus", "in-progress"), ("From", "+15550100077"), ("RecordingUrl", twilio.UrlOf(Sid)), ("RecordingDuration", "2")));

    private static Task<HttpResponseMessage> ApiAsync(RunningBob bob, HttpMethod method, string path)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        return bob.SendAsync(request);
    }

    /// <summary>Twilio's recordings, for whoever has the account's token.</summary>
    private sealed class Recordings : IAsyncDisposable
    {
        private readonly ConcurrentQueue<string> _asked = new();
        private readonly WebApplication _app;

        private Recordings(WebApplication app, Func<int, HttpStatusCode> answer) => (_app, Answer) = (app, answer);

        public Func<int, HttpStatusCode> Answer { get; set; }

        public byte[] Body { get; set; } = Message;

        /// <summary>Where they come from instead.</summary>
        public RecordingShelf? Shelf { get; set; }

        public Uri Address => new(_app.Urls.Single());

        public IReadOnlyList<string> Asked => [.. _asked];

        /// <param name="answer">By the number of the request, 1 for the first.</param>
        public static async Task<Recordings> StartAsync(Func<int, HttpStatusCode> answer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var recordings = new Recordings(app, answer);
            app.Run(recordings.AnswerAsync);
            await app.StartAsync(Cancellation);
            return recordings;
        }

        public string UrlOf(string sid) => $"{Address.AbsoluteUri}2010-04-01/Accounts/{Account}/Recordings/{sid}";

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private async Task AnswerAsync(HttpContext context)
        {
            _asked.Enqueue(context.Request.Path + context.Request.QueryString);
            if (Shelf is not null)
            {
                var (found, wav) = Shelf.Fetch(context.Request.Path.Value!, context.Request.Headers.Authorization);
                context.Response.StatusCode = found;
                await context.Response.Body.WriteAsync(wav ?? [], Cancellation);
                return;
            }

            var credentials = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Account}:{RunningBob.AuthToken}"));
            var status = context.Request.Headers.Authorization == $"Basic {credentials}" ? Answer(_asked.Count) : HttpStatusCode.Unauthorized;
            context.Response.StatusCode = (int)status;
            context.Response.Headers.Location = status == HttpStatusCode.Found ? $"{Address.AbsoluteUri}elsewhere" : default;
            if (status == HttpStatusCode.OK)
                await context.Response.Body.WriteAsync(Body, Cancellation);
        }
    }
}
