using Bob.Host.Records;
using Bob.Host.Voice;

namespace Bob.Host;

/// <summary>What may stand behind the program's name: a command, or what is for the web server (<c>--KEY=VALUE</c> in its ways of writing).</summary>
internal static class CommandLine
{
    private const int Done = 0, Misused = 2;

    private const string Erase = $"{EraseCommand.Name} NUMBER", MakeClips = $"{MakeClipsCommand.Name} [FOLDER]";

    public static bool AsksForHelp(string[] args) => args is ["--help" or "-h" or "-?" or "help", ..];

    /// <summary>Whether there is nothing that Bob would have to know.</summary>
    public static bool IsForServer(string[] args) => args is [] or [['-' or '/', ..], ..] || args[0].Contains('=', StringComparison.Ordinal);

    public static async Task<int> HelpAsync(TextWriter output)
    {
        await output.WriteLineAsync(
            $"""
            Without a command Bob answers calls, until he is told to stop. The commands:

              {Erase,-22}erases a caller, such as: erase +15551234567
              {MakeClips,-22}has the model say what Bob says without one
              --help                tells this

            Settings stand in the environment, in .env and in appsettings.json; README.md explains them.
            """);
        return Done;
    }

    public static async Task<int> RefuseAsync(TextWriter errors)
    {
        await errors.WriteLineAsync($"[bob] The first argument is no command. Write one of these: {Erase}, {MakeClips}, --help; or nothing, to answer calls.");
        return Misused;
    }
}
