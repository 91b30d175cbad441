namespace Bob.Actors.Realtime;

/// <summary>The model's session is gone and worth another try: the model's leg is restarted.</summary>
public sealed class ModelLostException(ModelFailure failure) : Exception($"The model's session is lost: {failure.Reason}.")
{
    public ModelFailure Failure { get; } = failure;
}
