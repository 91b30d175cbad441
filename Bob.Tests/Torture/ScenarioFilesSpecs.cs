using AwesomeAssertions;
using Bob.Simulator.Torture;
using Xunit;

namespace Bob.Tests.Torture;

/// <summary>The scenarios are data: all of them can be read, and no row of the catalogue is forgotten.</summary>
public sealed class ScenarioFilesSpecs
{
    /// <summary>Rows O, T and P of the catalogue, and those A rows that say something of one Bob.</summary>
    private const string Catalogue =
        "O1 O2 O3 O4 O5 O6 O7 O8 O9 O10 O11 O12 O13 O14 O15 O16 O17 O18 O19 O20 O21 O22 O23 O25 O26 O28 O29 O30 O31 O32 O33 O34 O35 O36 O37 O38 O40 O42 O44 O45 O46 O47 O48 "
        + "O49 O52 O53 T1 T3 T4 T6 T7 T9 T10 T11 T12 T13 T14 T15 T16 T17 T18 T19 T21 T22 T23 T24 T25 T27 T28 T29 T30 T31 T32 T33 T34 T36 T37 T39 T40 T41 T42 T43 T44 T45 "
        + "P1 P2 P3 P4 P5 P6 P7 P8 P9 P10 P11 P13 P15 P17 P18 P20 P21 P22 P23 A1 A2 A3 A4 A5 A6 A7 A8 A10 A11 A12 A14 A16 A17 A18";

    public static TheoryData<string> Ids => [.. ScenarioFiles.Ids];

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_scenario_can_be_read(string id) =>
        ScenarioFiles.Cases(id).Should().NotBeEmpty().And.OnlyContain(one => one.Scenario.Title.Length > 0 && "H0 H1 H2 H3 H4 H5".Contains(one.Scenario.Hears));

    [Fact]
    public void Every_row_has_a_scenario_or_a_reason_why_not()
    {
        ScenarioFiles.Ids.Concat(ScenarioFiles.NotApplicable.Keys).Should().BeEquivalentTo(Catalogue.Split(' '));
        ScenarioFiles.NotApplicable.Values.Should().OnlyContain(why => why.Length > 10);
    }

    [Fact]
    public void Cases_have_names_of_their_own() =>
        ScenarioFiles.Ids.SelectMany(ScenarioFiles.Cases).Should().OnlyHaveUniqueItems(one => one.Name);
}
