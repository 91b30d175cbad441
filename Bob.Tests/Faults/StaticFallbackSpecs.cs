using AwesomeAssertions;
using Bob.Simulator.Twilio;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Bob.Tests.Faults;

/// <summary>No Bob answers at all, and Twilio is left with the files of <c>fallback/</c>.</summary>
public sealed class StaticFallbackSpecs
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("#", CallEndReason.HungUpByTwiml)]
    [InlineData(null, CallEndReason.CallerHungUp)]
    public async Task P1_The_caller_leaves_a_message_although_nobody_is_there(string? key, CallEndReason end)
    {
        await using var files = await StaticFiles.StartAsync();
        await using var twilio = Twilio(files);

        var report = await twilio.PlaceCall(new CallPlan { Records = [new RecordOutcome(TimeSpan.FromSeconds(5), key)] }).Completion;

        report.EndReason.Should().Be(end);
        report.Transcript.Select(line => line.What).Should().ContainInOrder("says: One moment, please.", "records the caller");
        twilio.Recordings.Sids.Should().ContainSingle("Twilio keeps it");
        report.Warnings.Should().NotContain(warning => warning.Level == WarningLevel.Warning && warning.Code == 12200, "the files are TwiML as Twilio knows it");
        files.Asked.Should().Equal("/fallback.xml", "/thanks.xml");
    }

    [Fact]
    public async Task P1_A_caller_who_says_nothing_is_told_to_call_again()
    {
        await using var files = await StaticFiles.StartAsync();
        await using var twilio = Twilio(files);

        var report = await twilio.PlaceCall(new CallPlan { Records = [new RecordOutcome(StaysSilent: true)] }).Completion;

        report.EndReason.Should().Be(CallEndReason.HungUpByTwiml);
        report.Transcript.Should().Contain(line => line.What.Contains("Please call again in a few minutes"));
        files.Asked.Should().Equal("/fallback.xml");
    }

    /// <summary>A number whose webhook nobody answers.</summary>
    private static TwilioSimulator Twilio(StaticFiles files) => new(new TwilioSimulatorOptions
    {
        WebhookUrl = new Uri("http://localhost:1/incoming-call"),
        FallbackUrl = new Uri(files.Address, "fallback.xml"),
        VerbTimeScale = 0.02,
    });

    /// <summary>A web server of nothing but the two files, with its addresses in them.</summary>
    private sealed class StaticFiles : IAsyncDisposable
    {
        private readonly WebApplication _app;
        private readonly List<string> _asked = [];

        private StaticFiles(WebApplication app) => _app = app;

        public Uri Address => new(_app.Urls.Single());

        public IReadOnlyList<string> Asked
        {
            get
            {
                lock (_asked)
                    return [.. _asked];
            }
        }

        public static async Task<StaticFiles> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var files = new StaticFiles(app);
            app.Run(files.AnswerAsync);
            await app.StartAsync(Cancellation);
            return files;
        }

        public ValueTask DisposeAsync() => _app.DisposeAsync();

        private async Task AnswerAsync(HttpContext context)
        {
            var path = context.Request.Path.Value!;
            lock (_asked)
                _asked.Add(path);
            var text = (await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "fallback", path.TrimStart('/')), Cancellation))
                .Replace("https://static.example.com/", Address.AbsoluteUri).Replace("https://bob.example.com/", "http://localhost:1/");
            var body = System.Text.Encoding.UTF8.GetBytes(text);
            (context.Response.ContentType, context.Response.ContentLength) = ("text/xml", body.Length);
            await context.Response.Body.WriteAsync(body, Cancellation);
        }
    }
}
