using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using AwesomeAssertions;
using Bob.Simulator.Realtime;
using Bob.Simulator.Twilio;
using Bob.Tests.Calls;
using Bob.Tests.Records;
using Microsoft.Data.Sqlite;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Faults;

/// <summary>The real process, short of threads or of sockets: who is on the line hears nothing of it, and it ends when its cause does.</summary>
[Collection(Alone.Name)]
public sealed class StarvedProcessSpecs(ITestOutputHelper output) : IDisposable
{
    private const string ApiToken = "0123456789abcdef0123456789abcdef";
    private const int BytesPerSecond = 8_000;
    private static readonly string Story = string.Join(' ', Enumerable.Repeat("and then he said", 9));
    private readonly RecordsFolder _folder = RecordsFolder.Make();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task P13_Frames_flow_in_both_directions_while_every_thread_of_the_pool_is_blocked()
    {
        // The model speaks as fast as one speaks, so that all that is heard has just been passed on.
        var asOneSpeaks = new Fault { At = new FaultPoint { Response = 1 }, Do = FaultAction.Pace, Speed = 1 };
        await using var model = await ModelAsync(TwilioLine.Script(Story) with { Faults = [asOneSpeaks] });
        // Twice as many threads as this machine has cores, and no more, which the database blocks.
        await using var bob = await BobProcess.StartAsync([.. Settings(model), ("DOTNET_ThreadPool_ForceMaxWorkerThreads", "4"), ("DOTNET_ThreadPool_ForceMinWorkerThreads", "4")]);
        await using var twilio = Twilio(bob);
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(500);
        using var other = new SqliteConnection($"Data Source={_folder.Database};Pooling=False");
        other.Open();
        Execute(other, "BEGIN IMMEDIATE");

        using var http = new HttpClient { BaseAddress = bob.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", ApiToken);
        var blocked = Enumerable.Range(1, 4).Select(number => http.PutAsJsonAsync($"/api/callers/+1555010000{number}", new { name = "Ada" }, Cancellation)).ToList();
        using var pool = new HttpClient { BaseAddress = bob.Address };
        Task<HttpResponseMessage> health;
        while (await Task.WhenAny(health = pool.GetAsync("/health", Cancellation), Task.Delay(250, Cancellation)) == health)
            (await health).Dispose(); // not all of them are yet

        var (heard, said) = (call.HeardMs, model.Sessions[0].CallerAudio.Length);
        await call.WaitForHeardAsync((int)heard + 1_500);
        await model.Sessions[0].WaitUntilAsync(session => session.CallerAudio.Length >= said + (3 * BytesPerSecond / 2), Cancellation);
        health.IsCompleted.Should().BeFalse("the pool has not come to it all the while");
        output.WriteLine($"heard {call.HeardMs - heard} ms, said {(model.Sessions[0].CallerAudio.Length - said) * 1000 / BytesPerSecond} ms");

        Execute(other, "ROLLBACK");

        (await health).EnsureSuccessStatusCode().Dispose();
        foreach (var answer in blocked)
            (await answer).EnsureSuccessStatusCode().Dispose();
        await call.WaitForQuietAsync();
        var report = await call.HangUpAsync();
        report.ShouldHaveHeard(Story);
        model.Connections.Should().Be(1);
    }

    [Fact]
    public async Task P5_A_process_without_sockets_lives_answers_who_is_on_the_line_and_recovers()
    {
        const int limit = 400; // some 330 are open when one call is up
        await using var model = await ModelAsync(TwilioLine.Script("hello", "yes I am still here"));
        await using var bob = await BobProcess.StartAsync(Settings(model), openFiles: limit);
        await using var twilio = Twilio(bob);
        var call = twilio.PlaceCall(new CallPlan());
        await call.WaitForHeardAsync(100);
        output.WriteLine($"{bob.OpenFiles} files open with one call; {string.Join('\n', bob.Lines)}");

        var flood = new List<TcpClient>();
        try
        {
            for (var i = 0; i < limit; i++)
            {
                flood.Add(new TcpClient());
                await flood[^1].ConnectAsync("127.0.0.1", bob.Address.Port, Cancellation);
            }

            output.WriteLine($"{bob.OpenFiles} files open in the flood");
            await call.WaitForQuietAsync();
            call.Speak(Voice("are you there"));
            await call.WaitForHeardAsync(((Voice("hello").Length + Voice("yes I am still here").Length) / 8) - 20);
            await call.WaitForQuietAsync();
        }
        finally
        {
            flood.ForEach(client => client.Dispose());
            output.WriteLine($"{(bob.IsAlive ? "alive" : $"exit code {bob.ExitCode}")}: {string.Join('\n', bob.Lines)}");
        }

        (await call.HangUpAsync()).Playback.Single().Audio.AsSpan().IndexOf(Voice("yes I am still here")).Should().BePositive();
        bob.IsAlive.Should().BeTrue();
        var next = await twilio.PlaceCall(Conversation()).Completion;
        next.EndReason.Should().Be(CallEndReason.CallerHungUp);
        next.Playback.Single().Audio.AsSpan().IndexOf(Voice("hello")).Should().BeGreaterThanOrEqualTo(0);
    }

    public void Dispose() => _folder.Dispose();

    private static Task<RealtimeSimulator> ModelAsync(RealtimeScript script) =>
        RealtimeSimulator.StartAsync(new RealtimeSimulatorOptions { Script = script, ApiKey = ApiKey, CloseFrames = false }, Cancellation);

    private static TwilioSimulator Twilio(BobProcess bob) => new(new TwilioSimulatorOptions { WebhookUrl = new Uri(bob.Address, "incoming-call"), VerbTimeScale = 0.05 });

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private (string, string)[] Settings(RealtimeSimulator model) =>
        [.. _folder.Settings, ("OPENAI_API_KEY", ApiKey), ("OPENAI_REALTIME_URL", model.Url.AbsoluteUri), ("API_TOKEN", ApiToken)];
}
