namespace Bob.Simulator.Twilio;

/// <summary>A verb of a TwiML document that this simulator performs.</summary>
public abstract record TwimlVerb
{
    /// <summary><c>Connect</c> around a <c>Stream</c>; a stream that Twilio would not even open carries the reason in <paramref name="Refusal"/>.</summary>
    public sealed record ConnectStream(
        string? Action,
        string Method,
        string Url,
        string? Name,
        string? StatusCallback,
        IReadOnlyDictionary<string, string> Parameters,
        TwimlProblem? Refusal) : TwimlVerb;

    /// <summary>Reads a text aloud.</summary>
    public sealed record Say(string Text, int Loop) : TwimlVerb;

    /// <summary>Plays a file or keys.</summary>
    public sealed record Play(string Url, string? Digits, int Loop) : TwimlVerb;

    /// <summary>Waits.</summary>
    public sealed record Pause(TimeSpan Length) : TwimlVerb;

    /// <summary>Connects the caller to somebody else.</summary>
    public sealed record Dial(IReadOnlyList<string> Targets, string? Action, string Method, TimeSpan Timeout) : TwimlVerb;

    /// <summary>Records the caller.</summary>
    public sealed record Record(string? Action, string Method, TimeSpan Timeout, TimeSpan MaxLength, string FinishOnKey, string? StatusCallback = null) : TwimlVerb;

    /// <summary>Goes on with another document.</summary>
    public sealed record Redirect(string Url, string Method) : TwimlVerb;

    /// <summary>Refuses the call.</summary>
    public sealed record Reject(string Reason) : TwimlVerb;

    /// <summary>Ends the call.</summary>
    public sealed record HangUp : TwimlVerb;
}

/// <summary>Something that Twilio's debugger would show about a document.</summary>
/// <param name="Code">Twilio's error number.</param>
/// <param name="Message">What is wrong.</param>
public sealed record TwimlProblem(int Code, string Message);
