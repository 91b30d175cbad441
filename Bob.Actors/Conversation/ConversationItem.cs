namespace Bob.Actors.Conversation;

/// <summary>One thing that was said or done in a call, as a new model session is told about it.</summary>
public abstract record ConversationItem;

/// <summary>What the caller said, as transcribed.</summary>
public sealed record CallerSaid(string Text) : ConversationItem;

/// <summary>What the caller said, as sound: it was never put into words.</summary>
/// <param name="Mulaw">G.711 μ-law, 8 kHz.</param>
public sealed record CallerSounded(byte[] Mulaw) : ConversationItem;

/// <summary>What Bob said.</summary>
/// <param name="Text">The transcript; of an interrupted sentence only the part that the caller heard.</param>
/// <param name="Interrupted">Whether the caller cut it short.</param>
public sealed record BobSaid(string Text, bool Interrupted) : ConversationItem;

/// <summary>A tool that the model called.</summary>
/// <param name="CallId">The model's id of the call, at most 32 characters.</param>
/// <param name="Arguments">JSON text as the model wrote it.</param>
/// <param name="Output">What the tool gave back, or null while it has not.</param>
public sealed record ToolCalled(string CallId, string Name, string Arguments, string? Output) : ConversationItem;

/// <summary>A remark of the system to the model, never heard by the caller.</summary>
public sealed record Note(string Text) : ConversationItem;

/// <summary>Keys the caller pressed: <c>0</c> to <c>9</c>, <c>*</c>, <c>#</c>, <c>A</c> to <c>D</c>.</summary>
public sealed record CallerPressed(string Digits) : ConversationItem;
