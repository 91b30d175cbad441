using Bob.Host;
using Bob.Host.Configuration;
using Bob.Host.Records;
using Bob.Host.Voice;

// Where calls have no thread of their own for their sockets. Read by .NET once, at the first socket: completions then run on the thread that saw them, and
// audio frames change no thread.
if (!OperatingSystem.IsLinux() && Environment.GetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS") is null)
    Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

try
{
    if (args is [EraseCommand.Name, .. var erase])
        return await EraseCommand.RunAsync(erase, SettingsSources.OfProcess(), Console.Out, Console.Error);
    if (args is [MakeClipsCommand.Name, .. var clips])
        return await MakeClipsCommand.RunAsync(clips, SettingsSources.OfProcess(), Console.Out, Console.Error, CancellationToken.None);
    if (CommandLine.AsksForHelp(args))
        return await CommandLine.HelpAsync(Console.Out);
    if (!CommandLine.IsForServer(args))
        return await CommandLine.RefuseAsync(Console.Error);
    await using var app = BobApplication.Build(args);
    await app.RunAsync();
    return 0;
}
catch (InvalidConfigurationException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 1;
}
catch (IOException taken) when (taken.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
{
    await Console.Error.WriteLineAsync("[bob] PORT: another program listens there. Stop it, or write another port.");
    return 1;
}
