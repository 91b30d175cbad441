using System.Diagnostics;
using AwesomeAssertions;
using Bob.Tests.Recording;
using Bob.Tests.Records;
using Xunit;

namespace Bob.Tests.Simulator;

/// <summary>What the README shows first: Bob without a key, and the simulator's call to him, each a process of its own.</summary>
public sealed class RehearsalSpecs : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private readonly RecordsFolder _folder = RecordsFolder.Make();
    private readonly string _heard = Path.Combine(Path.GetTempPath(), $"bob-heard-{Guid.NewGuid():N}.wav");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stranger_calls_hears_both_sides_and_is_told_that_it_is_a_rehearsal()
    {
        await using var process = await BobProcess.StartAsync(_folder.Settings);
        using var http = new HttpClient { BaseAddress = process.Address };

        var (exitCode, said) = await CallAsync(process.Address.OriginalString, "--record", _heard);

        exitCode.Should().Be(0, said);
        (await http.GetStringAsync("/health", Cancellation)).Should().Contain("rehearsal");
        var recorded = RecordedCall.Read(_heard);
        recorded.Duration.TotalSeconds.Should().BeInRange(15, 60);
        var (caller, bob) = (FirstSound(recorded.Left), FirstSound(recorded.Right));
        caller.Should().BePositive();
        bob.Should().BeInRange(0, caller, "Bob greets before the caller speaks");
    }

    [Fact]
    public async Task A_call_to_nobody_says_so_and_is_a_failure()
    {
        var (exitCode, said) = await CallAsync("http://127.0.0.1:1");

        exitCode.Should().NotBe(0);
        said.Should().Contain("127.0.0.1:1");
    }

    public void Dispose()
    {
        _folder.Dispose();
        File.Delete(_heard);
    }

    /// <summary>The first sample that is louder than the noise of a line.</summary>
    private static int FirstSound(byte[] side) => Array.FindIndex(side, sample => Math.Abs((int)Bob.Simulator.Audio.MuLaw.Decode(sample)) > 1_000);

    private static async Task<(int ExitCode, string Said)> CallAsync(params string[] arguments)
    {
        using var call = Process.Start(new ProcessStartInfo("dotnet", [BuiltProgram.Simulator, "call", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        deadline.CancelAfter(Limit);
        try
        {
            var (said, complained) = (call.StandardOutput.ReadToEndAsync(deadline.Token), call.StandardError.ReadToEndAsync(deadline.Token));
            await call.WaitForExitAsync(deadline.Token);
            return (call.ExitCode, await said + await complained);
        }
        finally
        {
            if (!call.HasExited)
                call.Kill(entireProcessTree: true);
        }
    }
}
