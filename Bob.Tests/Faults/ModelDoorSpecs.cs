using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Simulator.Realtime;
using Bob.Tests.Calls;
using Xunit;
using static Bob.Tests.Faults.ModelFaults;

namespace Bob.Tests.Faults;

/// <summary>The first of two model servers lets nobody in: the second one talks to the caller.</summary>
public sealed class ModelDoorSpecs
{
    public static TheoryData<string, FaultAction, int> FirstFaults => new()
    {
        { "O1", FaultAction.Http, 401 },
        { "O2", FaultAction.Http, 403 },
        { "O3", FaultAction.Http, 404 },
        { "O4", FaultAction.Http, 429 },
        { "O5", FaultAction.Http, 503 },
        { "O6", FaultAction.Http, 302 },
        { "O8", FaultAction.NoUpgrade, 0 },
        { "O10", FaultAction.WrongAccept, 0 },
    };

    [Theory]
    [MemberData(nameof(FirstFaults))]
    public async Task O1_to_O10_A_server_that_does_not_let_us_in_is_replaced_at_once(string id, FaultAction fault, int status)
    {
        var refuses = new Fault
        {
            At = new FaultPoint { On = FaultMoment.Connect },
            Do = fault,
            Status = status,
            RetryAfter = status == 429 ? 20 : null,
            Location = status == 302 ? "http://127.0.0.1:1/v1/realtime" : null,
            Times = 0,
        };
        await using var houses = await TwoServers.StartAsync(refuses);

        var report = await houses.CallAsync(WhenOpen);

        await houses.House.ShouldBeOverAsync(report, CallEnd.CallerHungUp);
        TwoServers.ShouldHaveBeenGreetedAndAnswered(report, stalled: fault == FaultAction.NoUpgrade);
        (houses.First.Connections, houses.Second.Connections).Should().Be((1, 1), id);
    }
}
