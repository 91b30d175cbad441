using System.ComponentModel;
using Bob.Actors.Calls;
using Microsoft.Extensions.AI;

namespace Bob.Actors.Tools;

/// <summary>What a tool may know of its call, and do to it. Safe to use from any thread.</summary>
public interface ICallControl
{
    CallSid CallSid { get; }

    /// <summary>The caller's number, or "anonymous".</summary>
    string Caller { get; }

    /// <summary>Ends the call when the goodbye has been heard.</summary>
    void EndCall();
}

/// <summary>Makes the tools of one call. Register as many as there are kinds of tools.</summary>
public delegate IEnumerable<AIFunction> ToolFactory(ICallControl call);

/// <summary>The tools every call has.</summary>
public static class CallTools
{
    public const string EndCallName = "end_call";

    /// <summary>Lets the model hang up: without it, a finished conversation lasts until somebody loses patience.</summary>
    public static IEnumerable<AIFunction> EndCall(ICallControl call)
    {
        yield return AIFunctionFactory.Create(
            ([Description("Why the call is over, in a few words.")] string? reason = null) =>
            {
                _ = reason; // for the journal of the call, which has the arguments
                call.EndCall();
                return "The line closes when your goodbye has been heard. Say goodbye in one short sentence if you have not yet.";
            },
            EndCallName,
            "Hangs up. Use it once the caller has said goodbye or has clearly nothing more to ask, and say a short goodbye in the same response.");
    }
}
