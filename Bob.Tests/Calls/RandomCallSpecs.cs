using Akka.Actor;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Bob.Tests.Calls;

/// <summary>Whatever happens to a call on both of its sides, in whatever order: one end, an answer to every question, nothing stale heard, nothing left.</summary>
public sealed class RandomCallSpecs : IAsyncLifetime
{
    private readonly ActorSystem _system = ActorSystem.Create("random", StandInParent.Config);
    private readonly FakeTimeProvider _clock = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await _system.Terminate();

    [Fact]
    public async Task A_call_to_which_anything_may_happen_ends_once_and_leaves_nothing() =>
        await Gen.Enum<Happening>().Array[1, 50].SampleAsync(happenings => PlayAsync([], happenings), iter: 40, threads: 1);

    [Fact]
    public async Task A_call_that_begins_well_and_to_which_anything_may_happen_then_ends_once_and_leaves_nothing()
    {
        Happening[] begin =
        [
            Happening.ModelConnects, Happening.SessionBegins, Happening.StreamComes, Happening.ResponseBegins, Happening.ModelSpeaks,
        ];
        var usual = Gen.Frequency(
            (3, Gen.Enum<Happening>()),
            (3, One(Happening.ResponseBegins, Happening.ModelSpeaks, Happening.ModelSpeaksAMoment, Happening.ItemEnds, Happening.ResponseCompletes, Happening.LateAudio)),
            (2, One(Happening.CallerFrames, Happening.MarksReturn, Happening.CallerBegins, Happening.CallerEnds, Happening.CallerIsTranscribed, Happening.Moment)),
            (1, One(Happening.StreamDrops, Happening.TwilioAsks, Happening.StreamComes, Happening.ModelDrops, Happening.ModelConnects, Happening.SessionBegins)));

        await usual.Array[1, 60].SampleAsync(happenings => PlayAsync(begin, happenings), iter: 80, threads: 1);
    }

    private static Gen<Happening> One(params Happening[] of) => Gen.Int[0, of.Length - 1].Select(which => of[which]);

    private async Task PlayAsync(Happening[] begin, Happening[] happenings)
    {
        await using var call = new RandomCall(_system, _clock);
        foreach (var happening in begin)
            await call.HappensAsync(happening, surely: true);
        foreach (var happening in happenings)
            await call.HappensAsync(happening);
        await call.EndAsync();
    }
}
