using System.Text.Json;
using AwesomeAssertions;
using Bob.Tests.Calls;
using Xunit;

namespace Bob.Tests.Bench;

/// <summary>The bench against Bob as a process of his own. Counts alone are asserted: times are for a quiet machine.</summary>
[Collection(Alone.Name)]
public sealed class LoadSpecs(ITestOutputHelper output)
{
    private const int Calls = 20;
    private const int Seconds = 10;
    private const int FramesPerSecond = 50;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Twenty_calls_at_once_lose_no_frame_in_either_direction()
    {
        var json = Path.GetTempFileName();
        try
        {
            var (exitCode, said) = await BenchProcess.RunAsync(Deadline, "--calls", $"{Calls}", "--seconds", $"{Seconds}", "--warm-up", "1", "--no-floor", "--no-counters", "--json", json);

            output.WriteLine(said);
            exitCode.Should().Be(0);
            using var report = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
            var run = report.RootElement.GetProperty("figures")[0];
            run.GetProperty("failedCalls").GetInt32().Should().Be(0);
            foreach (var direction in new[] { run.GetProperty("toModel"), run.GetProperty("toCaller") })
            {
                direction.GetProperty("sent").GetInt64().Should().BeGreaterThan(Calls * Seconds * FramesPerSecond);
                direction.GetProperty("lost").GetInt64().Should().Be(0);
                direction.GetProperty("outOfOrder").GetInt64().Should().Be(0);
            }
        }
        finally
        {
            File.Delete(json);
        }
    }
}
