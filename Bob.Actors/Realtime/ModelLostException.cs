namespace Bob.Actors.Realtime;

/// <summary>The model's session is gone: the model's leg is restarted, and its call says whether and where it dials again.</summary>
public sealed class ModelLostException(ModelFailure failure) : Exception($"The model's session is lost: {failure.Reason}.")
{
    public ModelFailure Failure { get; } = failure;
}
