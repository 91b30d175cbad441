using System.CommandLine;
using System.CommandLine.Invocation;
using Bob.Simulator.CommandLine;

var root = new RootCommand("The two far ends of Bob's line: a phone network that calls him, and a Realtime model that answers for him.")
{
    CallCommand.Create(),
    ModelCommand.Create(),
    TortureCommand.Create(),
};

var parsed = root.Parse(args);
if (parsed.Action is ParseErrorAction errors)
    errors.ShowHelp = false;
var exitCode = await parsed.InvokeAsync();
return parsed.Errors.Count > 0 ? 2 : exitCode;
