using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Bob.Bench.Micro;
using Perfolizer.Horology;

namespace Bob.Bench.CommandLine;

/// <summary><c>micro</c>: the parts of the frame path, one by one.</summary>
internal static class MicroCommand
{
    public static Command Create()
    {
        var command = new Command("micro", "Nanoseconds and bytes of the codec, the ledger and the signature check.");
        command.SetAction(_ =>
        {
            var config = ManualConfig.CreateEmpty()
                .AddJob(Job.Default
                    .WithToolchain(InProcessEmitToolchain.Instance) // no second build of everything
                    .WithWarmupCount(3)
                    .WithIterationCount(12)
                    .WithIterationTime(TimeInterval.FromMilliseconds(200)))
                .AddDiagnoser(MemoryDiagnoser.Default)
                .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
                .AddExporter(JsonExporter.Full)
                .AddLogger(new AccumulationLogger())
                .WithOptions(ConfigOptions.JoinSummary)
                .WithArtifactsPath(Path.Combine(Path.GetTempPath(), "bob-bench-micro"));
            var summaries = BenchmarkSwitcher
                .FromTypes([typeof(CodecBenchmarks), typeof(LedgerBenchmarks), typeof(SignatureBenchmarks)])
                .RunAllJoined(config);
            MarkdownExporter.Console.ExportToLog(summaries, ConsoleLogger.Default);
            return summaries.HasCriticalValidationErrors || summaries.Reports.Any(report => !report.Success) ? 1 : 0;
        });
        return command;
    }
}
