using System.Text.Json;
using System.Text.Json.Serialization;

namespace Bob.Bench.Figures;

/// <summary>The figures for programs.</summary>
internal static class Report
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <param name="path">Null: nobody wants it.</param>
    public static void Write(string? path, object figures)
    {
        if (path is not null)
            File.WriteAllText(path, JsonSerializer.Serialize(new { machine = Machine.Here(), figures }, Options));
    }
}
