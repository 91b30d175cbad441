using System.CommandLine;
using System.CommandLine.Invocation;
using Bob.Bench.CommandLine;

var root = new RootCommand("Puts Bob under load, beside the leanest relay there could be. Loopback only, Linux only.")
{
    LoadCommand.CreateFloor(),
    FirstAudioCommand.Create(),
    SoakCommand.Create(),
    MemoryCommand.Create(),
    BooksCommand.Create(),
    FuzzCommand.Create(),
    FreezesCommand.Create(),
    MicroCommand.Create(),
    FloorServerCommand.Create(),
};
LoadCommand.AddTo(root);

var parsed = root.Parse(args);
if (parsed.Action is ParseErrorAction errors)
    errors.ShowHelp = false;
var exitCode = await parsed.InvokeAsync();
return parsed.Errors.Count > 0 ? 2 : exitCode;
