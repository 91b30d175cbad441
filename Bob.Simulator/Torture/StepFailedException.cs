namespace Bob.Simulator.Torture;

/// <summary>A step of a scenario did not come to its end; the message says what was seen instead.</summary>
internal sealed class StepFailedException(string message) : Exception(message);
