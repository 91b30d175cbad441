using Akka.Event;

namespace Bob.Actors.Realtime;

/// <summary>The beginning of a session: from <c>session.created</c> over our <c>session.update</c> to its answer.</summary>
internal sealed class SessionConfiguration(ModelConnection connection)
{
    /// <summary>Whether the session is configured as it was asked to be.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Why it never will be.</summary>
    public ModelFailure? Failure { get; private set; }

    /// <summary>When the server will end the session, if it says so.</summary>
    public DateTimeOffset? ExpiresAt { get; private set; }

    /// <summary>Takes in what the server says. True when it is a step forward, for which the next one may take its time.</summary>
    public bool Takes(RealtimeEvent happened, ILoggingAdapter log)
    {
        switch (happened)
        {
            case SessionCreated created:
                ExpiresAt = created.ExpiresAt;
                connection.Configure();
                return true;
            case SessionUpdated updated when updated.InputFormat is null or "audio/pcmu" && updated.OutputFormat is null or "audio/pcmu":
                ExpiresAt = updated.ExpiresAt ?? ExpiresAt;
                IsDone = true;
                return true;
            case SessionUpdated:
                Failure = new ModelFailure(FailureKind.Permanent, "format-refused"); // anything but μ-law would be noise on the line
                return false;
            case ErrorReported error:
                log.Warning("The model answered the session with an error: {Error}", ModelRefusal.Masked(error.Error.Message));
                var refusal = ModelRefusal.FromError(error.Error);
                Failure = refusal.Kind == FailureKind.Ignorable ? new ModelFailure(FailureKind.Permanent, "session-refused") : refusal;
                return false;
            default:
                return false;
        }
    }
}
