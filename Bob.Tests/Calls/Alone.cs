using Xunit;

namespace Bob.Tests.Calls;

/// <summary>Specs that measure time, or that fill the machine, run when no other does.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone on the machine";
}
