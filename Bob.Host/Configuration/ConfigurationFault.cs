namespace Bob.Host.Configuration;

/// <summary>One setting that cannot be used.</summary>
/// <param name="Key">The setting, or the file it stands in.</param>
/// <param name="Problem">What is wrong, without the value of a secret.</param>
/// <param name="Remedy">What to write instead.</param>
public sealed record ConfigurationFault(string Key, string Problem, string Remedy)
{
    public override string ToString() => $"[bob] {Key}: {Problem}. {Remedy}.";
}

/// <summary>The settings do not allow a start. Thrown by <see cref="BobApplication.Build"/> with every fault there is, not only the first.</summary>
public sealed class InvalidConfigurationException(IReadOnlyList<ConfigurationFault> faults)
    : Exception(string.Join(Environment.NewLine, faults))
{
    public IReadOnlyList<ConfigurationFault> Faults { get; } = faults;
}
