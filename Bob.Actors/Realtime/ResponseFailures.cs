namespace Bob.Actors.Realtime;

/// <summary>What is done about a response that did not end well.</summary>
internal abstract record Remedy
{
    /// <summary>Ask for the same again, after a while.</summary>
    public sealed record AskAgain(TimeSpan Delay) : Remedy;

    /// <summary>Have the model say what is missing; <paramref name="Note"/> tells it what that is.</summary>
    public sealed record SayTheRest(string Note) : Remedy;

    /// <summary>The session is of no more use.</summary>
    public sealed record GiveUp(ModelFailure Failure) : Remedy;
}

/// <summary>
/// What failed and broken off responses of one session call for, so that no caller is left in silence, and none waits for what will not come. Pure.
/// </summary>
internal sealed class ResponseFailures
{
    /// <summary>Times in a row that a rate limit is waited for.</summary>
    private const int MaxRateLimited = 2;

    /// <summary>Answers in a row that may be broken off, and are put right.</summary>
    private const int MaxIncomplete = 2;

    /// <summary>A caller waits no longer than this for a rate limit to lift.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan UsualLimit = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(250);

    private int _failed, _limited, _incomplete;

    /// <summary>Takes the end of a response in; null when there is nothing to do about it.</summary>
    public Remedy? Ended(ResponseDone done)
    {
        switch (done.Status)
        {
            case "failed":
                return Failed(ModelRefusal.FromFailedResponse(done.Error));
            case "incomplete":
                (_failed, _limited) = (0, 0);
                return _incomplete++ < MaxIncomplete ? new Remedy.SayTheRest(Missing(done.Reason)) : null;
            default:
                (_failed, _limited, _incomplete) = (0, 0, 0);
                return null;
        }
    }

    private Remedy Failed(ModelFailure failure)
    {
        switch (failure.Kind)
        {
            case FailureKind.Permanent:
                return new Remedy.GiveUp(failure);
            case FailureKind.RateLimited:
                var wait = failure.RetryAfter ?? UsualLimit;
                // Without its delay: another session of the same account would only be refused the same.
                return _limited++ < MaxRateLimited && wait <= Patience ? new Remedy.AskAgain(wait) : new Remedy.GiveUp(failure with { RetryAfter = null });
            default:
                // A session that fails again is poisoned: a new one gets the conversation.
                var delay = failure.RetryAfter ?? Moment;
                return _failed++ == 0 && delay <= Patience ? new Remedy.AskAgain(delay) : new Remedy.GiveUp(failure with { Kind = FailureKind.Transient });
        }
    }

    private static string Missing(string? reason) => reason == "content_filter"
        ? "Your last answer was withheld. Tell the caller in one sentence that you cannot speak about that, and ask what else you can do for them."
        : "Your last answer was too long and broke off. Finish its last sentence in a few words, without starting anew.";
}
