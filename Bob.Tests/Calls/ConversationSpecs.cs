using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Twilio;
using Xunit;
using static Bob.Tests.Calls.WholeHouse;

namespace Bob.Tests.Calls;

/// <summary>Whole calls, from the webhook to the end record.</summary>
public sealed class ConversationSpecs(ITestOutputHelper output)
{
    private const string Question = "We are open Monday to Friday, from nine in the morning until five in the afternoon.";

    [Fact]
    public async Task A_caller_is_greeted_answered_and_hangs_up()
    {
        await using var house = await StartAsync();

        var report = await house.Twilio.PlaceCall(Conversation(Question)).Completion;

        Tell(report, house);
        report.EndReason.Should().Be(CallEndReason.CallerHungUp);
        report.Warnings.Should().BeEmpty();
        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        house.Lines.Where(line => !line.Contains("WRN")).Should().Contain("[bob] Incoming call from +15550100001");
    }

    private void Tell(CallReport report, WholeHouse house)
    {
        foreach (var line in report.Transcript)
            output.WriteLine($"{line.Ms,7} {line.Who}: {line.What}");
        foreach (var warning in report.Warnings)
            output.WriteLine($"{warning.Code} {warning.Message}");
        foreach (var line in house.Lines)
            output.WriteLine(line);
        foreach (var session in house.Model.Sessions)
            foreach (var error in session.Errors)
                output.WriteLine($"model: {error}");
    }
}
