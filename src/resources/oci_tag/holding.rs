//! What a resource has in a registry and another one of its state may have as well: a tag, or what is attached to something.

use crate::owner::Owner;
use crate::provider::Cx;
use crate::sdk::Result;

/// Something that is held, and the resource's note of a destroy that leaves it to another one.
#[derive(Clone, Debug)]
pub struct Holding {
    /// The name under which it is held in this run.
    pub object: String,
    /// The name of the note.
    pub shared: String,
}

impl Holding {
    /// Notes at a refresh that this resource has it, so that the destroy of another one leaves it. Answers whether such a destroy was
    /// planned before this could be known.
    pub fn note(&self, cx: &Cx) -> Result<bool> {
        // Of a destroy that was planned and not made.
        cx.forget(&self.shared);
        Ok(cx.provider().holdings().stand(&self.object, &cx.owner()?))
    }

    /// Notes in a plan that it stays as it is: a run without a refresh knows it from here.
    pub fn stand(&self, cx: &Cx, owner: &Owner) {
        cx.provider().holdings().stand(&self.object, owner);
        cx.provider().holdings().keep(&self.object, owner);
    }

    /// Notes at the plan of a destroy whether another resource has it: the apply does not see those that do not change.
    pub fn part(&self, cx: &Cx, is_removed: bool) {
        let Some(owner) = cx.known_owner() else { return };
        if cx.provider().holdings().part(&self.object, &owner, is_removed) {
            cx.remember(&self.shared, &true);
        } else {
            cx.forget(&self.shared);
        }
    }

    /// Whether another resource has it, which a destroy leaves it to.
    pub fn is_anothers(&self, cx: &Cx) -> bool {
        let holder = cx.provider().holdings().holder(&self.object);
        holder.is_some_and(|holder| Some(holder) != cx.known_owner()) || cx.recall(&self.shared) == Some(true)
    }

    /// Gives it up.
    pub fn release(&self, cx: &Cx) {
        if let Some(owner) = cx.known_owner() {
            cx.provider().holdings().release(&self.object, &owner);
        }
    }
}
