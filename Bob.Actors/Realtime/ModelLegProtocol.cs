using Akka.Actor;
using Akka.Event;
using Bob.Actors.Audio;
using Bob.Actors.Calls;
using Bob.Actors.Conversation;
using Bob.Actors.Costs;

namespace Bob.Actors.Realtime;

/// <summary>What is said to the model's leg, and what it says to its call. Turns and tool calls reach the call as <see cref="ModelHeard"/>.</summary>
public static class ModelLegProtocol
{
    public interface IModelLegCommand : IDeadLetterSuppression;

    public interface IModelLegEvent : IDeadLetterSuppression;

    /// <summary>From the call: connect, after <paramref name="Delay"/>. <paramref name="Attempt"/> counts the attempts of the call.</summary>
    /// <param name="StreamSid">The caller's stream, once there is one: for the log.</param>
    public sealed record Dial(int Attempt, TimeSpan Delay, StreamSid? StreamSid = null) : IModelLegCommand;

    /// <summary>From the call: the caller's stream, for the log.</summary>
    public sealed record StreamKnown(StreamSid StreamSid) : IModelLegCommand;

    /// <summary>From the call: there is nothing more to try; drop what comes.</summary>
    public sealed record GiveUp : IModelLegCommand;

    /// <summary>From the call, after <see cref="SessionReady"/>: the conversation so far, and what to do first.</summary>
    public sealed record OpenSession(IReadOnlyList<ConversationItem> SoFar, Opening Opening) : IModelLegCommand;

    /// <summary>
    /// From the call, after <see cref="StandbyReady"/>: now is a good moment. The conversation so far is for the session that takes over, and only as
    /// long as nothing has been said since.
    /// </summary>
    public sealed record TakeOver(IReadOnlyList<ConversationItem> SoFar) : IModelLegCommand;

    /// <summary>From the call: say something, when nothing else is being said.</summary>
    public sealed record Speak(ResponseRequest Request) : IModelLegCommand;

    /// <summary>From the call: the caller pressed keys.</summary>
    public sealed record KeysPressed(string Digits) : IModelLegCommand;

    /// <summary>From the call: a tool has run. <see cref="ToolCalled.Output"/> is set.</summary>
    /// <param name="OnlyIfSilent">The model need not speak on it if it has already spoken in the response that called it.</param>
    public sealed record ToolReturned(ToolCalled Tool, bool OnlyIfSilent) : IModelLegCommand;

    /// <summary>From the call: when the model has said all it wants to say, have the caller's leg finish.</summary>
    public sealed record FinishSpeaking : IModelLegCommand;

    /// <summary>Takes <see cref="FinishSpeaking"/> back.</summary>
    public sealed record GoOn : IModelLegCommand;

    /// <summary>From the call: it is over. What the session has still to tell is waited for, a moment, and then <see cref="AllTold"/>.</summary>
    public sealed record CallIsOver : IModelLegCommand;

    /// <summary>From the reader: what the model sent.</summary>
    /// <param name="Connection">The number of its connection.</param>
    public sealed record ModelSaid(int Connection, RealtimeEvent Event) : IModelLegCommand;

    /// <summary>From the reader, once: the socket is over.</summary>
    /// <param name="Connection">The number of its connection.</param>
    public sealed record ModelEnded(int Connection, ModelFailure Failure) : IModelLegCommand;

    /// <summary>To the call: a fresh incarnation, ready to be told to <see cref="Dial"/>; <paramref name="Lost"/> says what ended the last one.</summary>
    public sealed record LegReady(ModelFailure? Lost) : IModelLegEvent;

    /// <summary>To the call: the session is configured.</summary>
    /// <param name="Prices">What its server costs; null: what the first of the servers costs.</param>
    public sealed record SessionReady(int Attempt, Prices? Prices = null) : IModelLegEvent;

    /// <summary>
    /// To the call: another session is ready to take over from the one that works, which is silent now. Answered with <see cref="TakeOver"/>, or not
    /// at all when the moment is not good; then it is asked again.
    /// </summary>
    /// <param name="Urgent">There may be no better moment: Bob may still be heard.</param>
    public sealed record StandbyReady(bool Urgent) : IModelLegEvent;

    /// <summary>To the call, after <see cref="CallIsOver"/>: there is nothing more to come.</summary>
    public sealed record AllTold : IModelLegEvent;

    /// <summary>To the call: a turn, a transcript, a tool call.</summary>
    public sealed record ModelHeard(RealtimeEvent Event) : IModelLegEvent;
}
