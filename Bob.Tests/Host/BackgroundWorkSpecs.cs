using AwesomeAssertions;
using Bob.Actors.Calls;
using Bob.Tests.Calls;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace Bob.Tests.Host;

public sealed class BackgroundWorkSpecs
{
    [Fact]
    public async Task Work_in_the_background_that_fails_ends_no_call()
    {
        var failed = new TaskCompletionSource();
        await using var house = await WholeHouse.StartAsync(adjust: builder => builder.Services.AddHostedService(_ => new Failing(failed)));
        await failed.Task;

        var report = await house.Twilio.PlaceCall(WholeHouse.Conversation("hello")).Completion;

        (await house.EndOfAsync(report.CallSid)).Should().Be(CallEnd.CallerHungUp);
        house.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested.Should().BeFalse();
    }

    private sealed class Failing(TaskCompletionSource failed) : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            failed.SetResult();
            throw new InvalidOperationException("a bug");
        }
    }
}
