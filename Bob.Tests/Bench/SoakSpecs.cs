using System.Text.Json;
using AwesomeAssertions;
using Xunit;

namespace Bob.Tests.Bench;

/// <summary>The bench's soak in small, against Bob as a process of his own: half of the calls have a fault, and nothing is left of any of them.</summary>
public sealed class SoakSpecs(ITestOutputHelper output)
{
    private const int Calls = 200;

    /// <summary>A pool that has grown by a thread or two, or a connection that the database keeps, is no call's.</summary>
    private const int Slack = 8;

    [Fact]
    public async Task Two_hundred_calls_of_which_half_have_a_fault_leave_nothing_behind()
    {
        var json = Path.GetTempFileName();
        try
        {
            var (exitCode, said) = await BenchProcess.RunAsync(TimeSpan.FromMinutes(5), "soak", "--calls", $"{Calls}", "--faulted", "50%", "--server-cores", "0-1", "--json", json);

            output.WriteLine(said);
            using var report = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
            var figures = report.RootElement.GetProperty("figures");
            var (before, after) = (figures.GetProperty("before"), figures.GetProperty("after"));
            (figures.GetProperty("calls").GetInt32(), figures.GetProperty("faulted").GetInt32(), figures.GetProperty("refused").GetInt32()).Should().Be((Calls, Calls / 2, Calls));
            figures.GetProperty("sessions").GetInt32().Should().BeGreaterThan(Calls, "sessions with a fault were replaced");
            figures.GetProperty("unexpected").GetInt32().Should().Be(0);
            after.GetProperty("calls").GetString().Should().Be("0");
            foreach (var held in new[] { "handles", "timers" })
                (after.GetProperty(held).GetInt32() - before.GetProperty(held).GetInt32()).Should().BeLessThan(Slack, held);
            exitCode.Should().Be(0);
        }
        finally
        {
            File.Delete(json);
        }
    }
}
