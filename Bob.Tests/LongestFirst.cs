using Bob.Tests.Bench;
using Bob.Tests.Calls;
using Bob.Tests.Faults;
using Bob.Tests.Torture;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(Bob.Tests.LongestFirst))]

namespace Bob.Tests;

/// <summary>The classes that take longest begin first: whichever began last would be waited for by all the others.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] Longest =
    [
        typeof(TortureSpecs), typeof(ModelNoiseSpecs), typeof(FallbackSpecs), typeof(SoakSpecs), typeof(ModelDropSpecs),
        typeof(ModelMuteSpecs), typeof(ModelCloseSpecs), typeof(TwilioGoodbyeSpecs), typeof(ModelFailedResponseSpecs), typeof(ModelSilenceSpecs),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(Place)];

    private static int Place<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(Longest, type => collection.TestCollectionDisplayName.Contains(type.FullName!, StringComparison.Ordinal));
        return place < 0 ? Longest.Length : place;
    }
}
