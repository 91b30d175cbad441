using Microsoft.Extensions.Logging;

namespace Bob.Actors.Realtime;

/// <summary>The servers that can be the model after the first one, in the order in which they are tried.</summary>
public sealed record FurtherModels(IReadOnlyList<RealtimeOptions> All);

/// <summary>The servers that can be the model, in the order in which they are tried. One for all calls of a node.</summary>
public sealed class ModelProviders(IReadOnlyList<ModelProvider> all) : IDisposable
{
    public IReadOnlyList<ModelProvider> All { get; } = all;

    /// <summary>Those of the settings, each reached over the network.</summary>
    public static ModelProviders Of(IReadOnlyList<RealtimeOptions> models, TimeProvider clock, TimeProvider waking, ILogger<ModelProvider> log) => new(
        [.. models.Select((model, at) => new ModelProvider(new OpenAiDialer(model, waking), model, models.Count == 1 ? 0 : at + 1, clock, log))]);

    /// <summary>Does for each what only its first dial has to do.</summary>
    public Task PrepareAsync(CancellationToken cancellation) => Task.WhenAll(All.Select(model => model.PrepareAsync(cancellation)));

    /// <summary>Asks until one can be had, or all have answered.</summary>
    /// <param name="patience">Longest wait.</param>
    public async Task<ModelsState> StateAsync(TimeSpan patience)
    {
        var asked = All.Select(model => model.FailureAsync(patience)).ToList();
        var waiting = asked.ToList();
        while (waiting.Count > 0)
        {
            var answered = await Task.WhenAny(waiting);
            waiting.Remove(answered);
            if (await answered is null)
                break;
        }

        var failing = new List<string>();
        foreach (var (model, answer) in All.Zip(asked))
        {
            if ((answer.IsCompleted ? await answer : model.Failure) is { } failure)
                failing.Add(model.Number == 0 ? failure.Reason : $"{model.Number} {failure.Reason}");
        }

        return new ModelsState(failing.Count < All.Count, failing.Count == 0 ? null : string.Join(", ", failing));
    }

    public void Dispose()
    {
        foreach (var model in All)
            model.Dispose();
    }
}

/// <summary>Whether a call would find a model.</summary>
/// <param name="Failing">Those that cannot be had, each with its number and the reason in a word; null when there is none.</param>
public sealed record ModelsState(bool Any, string? Failing);
