using System.Reflection;

namespace Bob.Tests;

/// <summary>The repository's programs that specs run as processes, from where they were built.</summary>
internal static class BuiltProgram
{
    public static string Bob => Of("Bob.Host");

    public static string Bench => Of("Bob.Bench");

    public static string Simulator => Of("Bob.Simulator");

    private static string Of(string project) =>
        typeof(BuiltProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(about => about.Key == project).Value!;
}
