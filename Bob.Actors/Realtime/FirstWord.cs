using Bob.Actors.Sockets;

namespace Bob.Actors.Realtime;

/// <summary>Listens to a new session until it is one, or is refused: OpenAI accepts the upgrade even with a wrong key.</summary>
internal sealed class FirstWord
{
    private RealtimeError? _lastError;

    /// <summary>Null is a success.</summary>
    public ModelFailure? Failure { get; private set; }

    /// <summary>Whether this message, or the end that it is, settles it.</summary>
    public bool Heard(in SocketMessage message)
    {
        switch (message.Kind)
        {
            case SocketMessageKind.Text:
                switch (RealtimeReader.Read(message.Utf8.Span, out _))
                {
                    case SessionCreated:
                        Failure = null;
                        return true;
                    case ErrorReported { Error: var error }:
                        _lastError = error;
                        Failure = ModelRefusal.FromError(error);
                        return Failure.Kind != FailureKind.Ignorable;
                    default:
                        return false;
                }

            case SocketMessageKind.TooBig:
                Failure = new ModelFailure(FailureKind.Transient, "message-too-big");
                return true;
            case SocketMessageKind.Close:
                Failure = ModelRefusal.FromClose(message.CloseCode, message.CloseReason, _lastError);
                return true;
            default:
                return false;
        }
    }
}
